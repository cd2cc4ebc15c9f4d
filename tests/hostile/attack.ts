import type { ServerFrame } from "../../src/protocol/frames.ts";
import { dial, dialAs, type Dialogue } from "../gateway/dialogue.ts";
import { type Actor, type Cast, newAddress, turnsOfOne } from "./cast.ts";
import { type FrameCase, framed } from "./frame_cases.ts";
import type { FrameJudge } from "./frame_judge.ts";
import type { HttpCase } from "./http_cases.ts";
import { bytesOf, requestOf, targetOf } from "./http_request.ts";
import type { IdName } from "./cast.ts";
import type { HttpJudge } from "./judge.ts";
import { exchange, type RawAnswer } from "./raw_http.ts";

export interface AttackParts {
  readonly url: string;
  readonly cast: Cast;
  readonly httpJudge: HttpJudge;
  readonly frameJudge: FrameJudge;
}

/** One piece of hostile input. */
export type Case =
  | { readonly http: HttpCase }
  | { readonly frame: FrameCase }
  | {
    readonly wire: Uint8Array;
  };

export interface Attack extends AsyncDisposable {
  /** What the cases came to: answers by status, replies by code, closes by code. */
  readonly counts: ReadonlyMap<string, number>;
  /** Runs one case, and rejects with what is wrong with the answer. */
  run(one: Case): Promise<void>;
}

/** Runs cases against a service, in the names of people who take turns. */
export function createAttack(parts: AttackParts): Attack {
  const { url, cast, httpJudge, frameJudge } = parts;
  const counts = new Map<string, number>();
  const lines = new Map<Actor, Dialogue>();
  const turns = new Map<Actor, Promise<unknown>>();
  let turn = 0;

  function count(what: string) {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }

  async function next(): Promise<Actor> {
    turn++;
    if (turn % turnsOfOne === 0) await cast.replace(turn);
    return cast.attacker(turn);
  }

  /** Fails where somebody sees or changes what is the victims' alone. */
  function guard(
    asked: string,
    ids: readonly string[],
    isTaken: boolean,
    said: string,
  ) {
    if (said.includes(cast.secret)) throw new Error("It told the secret");
    const target = asked.toLowerCase();
    if (isTaken && ids.some((id) => target.includes(id))) {
      throw new Error("It served a stranger");
    }
  }

  function vault(actor: Actor): string[] {
    const names: IdName[] = [
      "vaultDirectChat",
      "vaultGroupChat",
      "vaultDevice",
    ];
    return names.map((name) => cast.idOf(actor, name));
  }

  async function lineOf(actor: Actor): Promise<Dialogue> {
    const open = lines.get(actor);
    if (open?.socket.readyState === WebSocket.OPEN) return open;
    const line = await dialAs(url, actor.person.session.accessToken);
    lines.set(actor, line);
    return line;
  }

  /** Says it on a socket of its own, which nothing but a right token keeps open. */
  async function alone(sent: Sent) {
    const line = await dial(url);
    speak(line, sent);
    const { code } = await line.closed;
    return { frames: line.heard, closed: code };
  }

  /** Says it on the actor's connection, after what it said before has been answered. */
  async function inTurn(actor: Actor, sent: Sent) {
    const turn = (turns.get(actor) ?? Promise.resolve()).then(async () => {
      const line = await lineOf(actor);
      const from = line.heard.length;
      speak(line, sent);
      const closed = await outcome(line, from, sent);
      return { frames: line.heard.slice(from), closed };
    });
    turns.set(actor, turn.catch(() => {}));
    return await turn;
  }

  async function http(one: HttpCase) {
    const actor = await next();
    const idOf = (name: IdName) => cast.idOf(actor, name);
    const target = targetOf(one, idOf);
    const body = bytesOf(one, idOf);
    const request = requestOf(one, {
      target,
      body,
      token: actor.person.session.accessToken,
      host: new URL(url).host,
      address: newAddress(),
    });
    const answer = await exchange(url, request);
    if (answer === null) throw new Error("It hung up without an answer");
    count(`http ${answer.status}`);
    httpJudge.judge({ method: one.method, target, body }, answer);
    const path = target.split("?")[0]!;
    guard(path, vault(actor), answer.status < 300, answer.body);
    if (one.token === "own") await stayReady(turn, answer);
  }

  async function frame(one: FrameCase) {
    const actor = await next();
    const sent = framed(one, (name) => cast.idOf(actor, name));
    const { frames, closed } = one.isFirst
      ? await alone(sent)
      : await inTurn(actor, sent);
    count(summary(frames, closed));
    frameJudge.judge({ isFirst: one.isFirst, sent, frames, closed });
    const isTaken = frames.some((frame) => frame.type === "reply" && frame.ok);
    const chat = typeof sent === "string" ? chatIdIn(sent) : "";
    guard(chat, vault(actor), isTaken, JSON.stringify(frames));
    if (closed === 4401) await cast.replace(turn);
  }

  async function wire(bytes: Uint8Array) {
    const answer = await exchange(url, bytes, { hangUpMs: 30 });
    count(`wire ${answer?.status ?? "hung up"}`);
    if (answer && answer.status >= 500 && answer.status !== 505) {
      throw new Error(`The service failed: ${answer.body}`);
    }
  }

  /** A case may have signed its own author out. */
  async function stayReady(at: number, { status, body }: RawAnswer) {
    if (status === 401 && body.includes("token_revoked")) {
      await cast.replace(at);
    }
    if (status !== 429) return;
    // As documented: whoever is told to wait waits.
    const { retryAfterMs = 1000 } = JSON.parse(body);
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
  }

  /** Waits for what a frame brings about: its reply or the close, and that nothing follows. */
  async function outcome(line: Dialogue, from: number, sent: Sent) {
    const id = frameJudge.idOf(sent);
    const isReply = (frame: ServerFrame) =>
      frame.type === "reply" && frame.id === id &&
      line.heard.indexOf(frame) >= from;
    try {
      if (frameJudge.requestType(sent) === undefined) {
        return (await line.closed).code;
      }
      if (id !== undefined) await line.until(isReply);
      await line.caughtUp();
      return undefined;
    } catch {
      return (await line.closed).code;
    }
  }

  return {
    counts,
    run: (one) =>
      "http" in one
        ? http(one.http)
        : "frame" in one
        ? frame(one.frame)
        : wire(one.wire),
    async [Symbol.asyncDispose]() {
      await Promise.all([...lines.values()].map((line) => line.close()));
    },
  };
}

type Sent = string | Uint8Array<ArrayBuffer>;

function speak({ socket }: Dialogue, sent: Sent) {
  socket.send(sent);
}

function summary(frames: readonly ServerFrame[], closed: number | undefined) {
  const reply = frames.find(({ type }) => type === "reply");
  const said = reply?.type !== "reply"
    ? "no reply"
    : reply.ok
    ? "ok"
    : reply.error.code;
  return `frame ${said}${closed === undefined ? "" : `, ${closed}`}`;
}

function chatIdIn(sent: string): string {
  try {
    return String(JSON.parse(sent)?.chatId ?? "");
  } catch {
    return "";
  }
}
