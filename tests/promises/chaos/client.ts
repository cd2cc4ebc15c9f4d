import type { Session } from "../../../src/protocol/accounts.ts";
import type { Event } from "../../../src/protocol/events.ts";
import type { ReplyData } from "../../../src/protocol/frames.ts";
import type { DeviceId, UserId } from "../../../src/protocol/ids.ts";
import { Follower } from "../../support/follower.ts";
import {
  call,
  type Line,
  password,
  type Person,
  personOf,
} from "../../support/peer.ts";
import { granted } from "../../support/say.ts";
import { pause } from "./pause.ts";
import type { Random } from "./random.ts";

/** Somebody who may use several devices. */
export interface Account {
  readonly userId: UserId;
  readonly username: string;
}

/** How clients deal with a service that does not answer, in milliseconds. */
export interface Manners {
  /** After this long without an answer, one is not waited for any more. */
  readonly answerMs: number;
  /** How often a client makes sure that its connection still lives. */
  readonly pingMs: number;
}

export interface ClientParts {
  readonly name: string;
  readonly account: Account;
  readonly session: Session;
  /** The processes, any of which will do. */
  readonly urls: readonly string[];
  readonly random: Random;
  readonly manners: Manners;
  onEvent(client: Client, event: Event): void;
  /** Counts what happened to connections, by its name. */
  count(what: string): void;
}

/** How long a client may be without a connection before the run has failed. */
const hopelessMs = 90_000;
/** How long to wait for an answer that has to come, on a busy machine, in milliseconds. */
const patientMs = 60_000;
/** A session is renewed so long before it runs out. */
const renewMs = 120_000;

/**
 * A device of somebody who wants to stay in touch: it follows its chats, gives a silent connection up
 * and goes on at another process, and signs in again where it was signed out.
 */
export class Client {
  readonly name: string;
  readonly account: Account;
  /** The process that it uses. */
  at: number;
  readonly #parts: ClientParts;
  #session: Session;
  #follower: Follower;
  #line: Line | undefined;
  #isLive = false;
  #stopped = false;
  #giveUp: (why: string) => void = () => {};
  readonly #waiting = new Set<PromiseWithResolvers<void>>();
  #lastError: unknown;
  #staying: Promise<void> | undefined;
  #watched: readonly UserId[] = [];
  readonly #online = new Map<UserId, boolean>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.account = parts.account;
    this.at = parts.random.int(parts.urls.length);
    this.#session = parts.session;
    this.#follower = this.#newFollower();
  }

  /** Another one after each time that it was signed out: a new device knows nothing. */
  get follower(): Follower {
    return this.#follower;
  }

  get deviceId(): DeviceId {
    return this.#session.device.deviceId;
  }

  /** The connection, where it is live. */
  get line(): Line | undefined {
    return this.#isLive ? this.#line : undefined;
  }

  /** The person without the client's manners, for when nothing is wrong: patient, at its process. */
  here(): Person {
    return this.#patient(this.at);
  }

  /** The same at another process than the one that this client uses. */
  elsewhere(): Person {
    const { random, urls } = this.#parts;
    const step = 1 + random.int(urls.length - 1);
    return this.#patient((this.at + step) % urls.length);
  }

  #patient(process: number): Person {
    const { urls } = this.#parts;
    return personOf(urls[process]!, this.#session, { limitMs: patientMs });
  }

  /** Connects, and stays connected until it is stopped. */
  start(): void {
    this.#stopped = false;
    this.#staying = this.#stay();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#giveUp("stopped");
    this.#waiting.forEach((wait) => this.#reject(wait, "is stopped"));
    await this.#staying;
  }

  /** Watches these people from its next connection on. */
  watch(userIds: readonly UserId[]): void {
    this.#watched = userIds;
    this.reconnect();
  }

  /** Whether a watched person is online, as far as it was told. */
  sees(userId: UserId): boolean | undefined {
    return this.#online.get(userId);
  }

  /** Resolves once it has a connection that works, as far as anybody can tell. */
  async live(): Promise<void> {
    if (this.#isLive) return;
    const wait = Promise.withResolvers<void>();
    const late = setTimeout(
      () => this.#reject(wait, "no way back"),
      hopelessMs,
    );
    this.#waiting.add(wait);
    if (this.#stopped) this.#reject(wait, "is stopped");
    await wait.promise.finally(() => {
      clearTimeout(late);
      this.#waiting.delete(wait);
    });
  }

  #reject(wait: PromiseWithResolvers<void>, why: string): void {
    const cause = this.#lastError;
    wait.reject(new Error(`${this.name}: ${why}, ${cause}`, { cause }));
  }

  /** Goes on over another connection, as a phone that changes networks. */
  reconnect(): void {
    this.#giveUp("moved");
  }

  async #stay(): Promise<void> {
    const { random, urls, count } = this.#parts;
    while (!this.#stopped) {
      const isSignedOut = await this.#once();
      if (this.#stopped) return;
      await pause(random.between(20, 250));
      if (isSignedOut) await this.#renew();
      this.at = random.int(urls.length);
      count("connected again");
    }
  }

  /** One connection, from its beginning to its end. Answers whether it ended by being signed out. */
  async #once(): Promise<boolean> {
    const { count, manners: { pingMs } } = this.#parts;
    const { promise: end, resolve } = Promise.withResolvers<string>();
    this.#giveUp = resolve;
    let beat: ReturnType<typeof setInterval> | undefined;
    try {
      const expiresAt = Date.parse(this.#session.accessTokenExpiresAt);
      if (expiresAt - Date.now() < renewMs) await this.#renew();
      await this.#follower.connect(this.#door(this.at));
      const line = this.#line!;
      void line.closed.then(({ code }) => resolve(`closed with ${code}`));
      beat = setInterval(() => {
        line.ask({ type: "ping" }).catch(() => resolve("silent"));
      }, pingMs);
      await this.#look(line);
      this.#isLive = true;
      this.#waiting.forEach(({ resolve }) => resolve());
      const why = await end;
      count(why);
      return why === "closed with 4401";
    } catch (error) {
      this.#lastError = error;
      count("not let in");
      return /unauthenticated|token_/.test(String(error));
    } finally {
      clearInterval(beat);
      this.#isLive = false;
      this.#line?.close();
      this.#line = undefined;
    }
  }

  async #look(line: Line): Promise<void> {
    this.#online.clear();
    if (this.#watched.length === 0) return;
    const frame = { type: "watch", userIds: this.#watched };
    const { presence } = await granted<ReplyData<"watch">>(line.ask(frame));
    for (const { userId, online } of presence) this.#online.set(userId, online);
  }

  #hear(event: Event): void {
    if (event.type === "presence") this.#online.set(event.userId, event.online);
    this.#parts.onEvent(this, event);
  }

  /** A new token for the device, or else a new device. */
  async #renew(): Promise<void> {
    const { account, urls, random, manners: { answerMs: limitMs }, count } =
      this.#parts;
    const ask = async (path: string, body: unknown) => {
      const url = random.pick(urls);
      return await call<Session>(url, "POST", path, { body, limitMs });
    };
    const { refreshToken } = this.#session;
    const hasRunOut =
      Date.parse(this.#session.accessTokenExpiresAt) - Date.now() < renewMs;
    if (hasRunOut) {
      const renewed = await ask("/auth/refresh", { refreshToken })
        .catch(() => undefined);
      if (renewed?.status === 200) {
        this.#session = renewed.body;
        return count("renewed");
      }
    }
    while (!this.#stopped) {
      const login = { login: account.username, password };
      const made = await ask("/auth/login", login).catch((error) => {
        this.#lastError = error;
      });
      if (made?.status === 200) {
        this.#session = made.body;
        this.#follower = this.#newFollower();
        return count("signed in again");
      }
      if (made) this.#lastError = JSON.stringify(made.body);
      await pause(random.between(100, 500));
    }
  }

  #newFollower(): Follower {
    const { random, urls } = this.#parts;
    return new Follower(this.#door(random.int(urls.length)), {
      forgets: true,
      onEvent: (event) => this.#hear(event),
      onFailure: (error) => {
        // Of a connection that was given up before.
        if (!this.#line) return;
        this.#lastError = error;
        this.#giveUp("not told");
      },
    });
  }

  /** The person at one of the processes, and a hold on the connection that is opened there. */
  #door(process: number): Person {
    const { urls, manners: { answerMs: limitMs } } = this.#parts;
    const person = personOf(urls[process]!, this.#session, {
      limitMs,
      forgets: true,
    });
    return {
      ...person,
      connect: async (cursor) => this.#line = await person.connect(cursor),
    };
  }
}
