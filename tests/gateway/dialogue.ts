import type { ServerFrame } from "../../src/protocol/frames.ts";
import { openSocket } from "../support/peer.ts";

/** A socket that says what it is told, valid or not, and keeps every frame it hears. */
export interface Dialogue {
  readonly socket: WebSocket;
  readonly heard: readonly ServerFrame[];
  /** Sends text as it is, anything else as JSON. */
  say(...frames: unknown[]): void;
  /** Resolves with the first frame, heard already or not, that fits; rejects when the socket closes before. */
  until(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame>;
  /** Resolves once everything that the server sent until now has been heard. */
  caughtUp(): Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

/** Opens a socket and says nothing yet. */
export async function dial(url: string): Promise<Dialogue> {
  const { socket, frames, onFrame, closed, opened } = openSocket(url);
  const looking = new Set<(frame: ServerFrame) => void>();
  onFrame((frame) => looking.forEach((look) => look(frame)));
  let pings = 0;
  await opened;

  const say = (...said: unknown[]) => {
    for (const frame of said) {
      socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    }
  };
  const until = (fits: (frame: ServerFrame) => boolean) => {
    const before = frames.find(fits);
    if (before) return Promise.resolve(before);
    const { promise, resolve, reject } = Promise.withResolvers<ServerFrame>();
    const look = (frame: ServerFrame) => {
      if (!fits(frame)) return;
      looking.delete(look);
      resolve(frame);
    };
    looking.add(look);
    void closed.then(({ code }) => reject(new Error(`Closed with ${code}`)));
    return promise;
  };
  const replyTo = (id: string) => (frame: ServerFrame) =>
    frame.type === "reply" && frame.id === id;

  return {
    socket,
    heard: frames,
    say,
    until,
    closed,
    async caughtUp() {
      const id = `caught up ${++pings}`;
      say({ type: "ping", id });
      const reply = await until(replyTo(id));
      frames.splice(frames.indexOf(reply), 1);
    },
    async close() {
      socket.close();
      await closed;
    },
  };
}

/** Opens a socket and says hello; the answer is the first frame heard. */
export async function dialAs(url: string, token: string): Promise<Dialogue> {
  const dialogue = await dial(url);
  dialogue.say({ type: "hello", id: "hello", token });
  await dialogue.until(({ type }) => type === "reply");
  return dialogue;
}
