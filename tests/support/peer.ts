import type { Session } from "../../src/protocol/accounts.ts";
import type { Event, EventOf } from "../../src/protocol/events.ts";
import {
  type ReplyFrame,
  type ServerFrame,
  subprotocol,
} from "../../src/protocol/frames.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import type { ChatItem, Welcome } from "../../src/protocol/sync.ts";

/** An answer over HTTP, its body read. */
export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** For clients of a service that may be away. */
export interface Patience {
  /** How long to wait for an answer, in milliseconds. */
  readonly limitMs?: number;
}

/**
 * Longer than anything that the service does before it answers, if only to say that it cannot: what
 * has no answer by then fails, with its name, instead of standing still.
 */
const patienceMs = 60_000;

/** Calls the service as a plain HTTP client. `body` is sent as JSON. */
export async function call<Body>(
  url: string,
  method: string,
  path: string,
  { token, body, limitMs = patienceMs }:
    & { token?: string; body?: unknown }
    & Patience = {},
): Promise<Answer<Body>> {
  const patience = new AbortController();
  const late = setTimeout(
    () => patience.abort(new NoAnswer(`${method} ${path}`, limitMs)),
    limitMs,
  );
  try {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: patience.signal,
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? null : JSON.parse(text)) as Body,
    };
  } finally {
    clearTimeout(late);
  }
}

/** The service took longer than the client has patience for: what it was asked may still happen. */
export class NoAnswer extends Error {
  constructor(to: string, limitMs: number) {
    super(`No answer to ${to} within ${limitMs} ms`);
  }
}

/** Somebody with an account, who talks to the service without our client library. */
export interface Person {
  readonly url: string;
  readonly userId: UserId;
  readonly username: string;
  readonly session: Session;
  call<Body>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<Body>>;
  connect(cursor?: string): Promise<Line>;
}

export const password = "correct horse battery";
let people = 0;

export async function newPerson(url: string, name = "p"): Promise<Person> {
  const username = `${name}${++people}x${Date.now().toString(36)}`;
  const body = { username, password };
  const made = await call<Session>(url, "POST", "/auth/register", { body });
  if (made.status !== 201) {
    throw new Error(`Cannot register: ${JSON.stringify(made.body)}`);
  }
  return personOf(url, made.body);
}

export function personOf(
  url: string,
  session: Session,
  patience: Patience & { readonly forgets?: boolean } = {},
): Person {
  const { user, accessToken: token } = session;
  return {
    url,
    userId: user.userId,
    username: user.username,
    session,
    call: (method, path, body) =>
      call(url, method, path, { token, body, ...patience }),
    connect: (cursor) => connect(url, token, cursor, patience),
  };
}

export async function directChat(
  a: Person,
  b: Pick<Person, "userId">,
): Promise<ChatId> {
  const body = { kind: "direct", memberIds: [b.userId] };
  return (await a.call<ChatItem>("POST", "/chats", body)).body.chatId;
}

export async function groupOf(
  owner: Person,
  ...others: Pick<Person, "userId">[]
): Promise<ChatId> {
  const memberIds = others.map(({ userId }) => userId);
  const body = { kind: "group", title: "A group", memberIds };
  return (await owner.call<ChatItem>("POST", "/chats", body)).body.chatId;
}

/** A WebSocket that has said hello, with everything it heard since. */
export interface Line extends AsyncDisposable {
  readonly welcome: Welcome;
  readonly events: readonly Event[];
  /** Calls the listener with every event from now on, before anything else happens. */
  onEvent(listener: (event: Event) => void): void;
  /** Resolves with the first event, heard already or not, that fits. */
  heard<T extends Event["type"]>(
    type: T,
    fits?: (event: EventOf<T>) => boolean,
  ): Promise<EventOf<T>>;
  /** Sends a request and resolves with its reply. */
  ask(frame: { type: string; [field: string]: unknown }): Promise<ReplyFrame>;
  /** Sends anything. */
  raw(data: string | Uint8Array<ArrayBuffer>): void;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** Opens a socket without saying hello. */
export function openSocket(url: string): {
  socket: WebSocket;
  frames: ServerFrame[];
  onFrame: (listener: (frame: ServerFrame) => void) => void;
  closed: Promise<{ code: number; reason: string }>;
  opened: Promise<void>;
} {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, [
    subprotocol,
  ]);
  const frames: ServerFrame[] = [];
  const listeners: ((frame: ServerFrame) => void)[] = [];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  socket.onopen = () => opened.resolve();
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data) as ServerFrame;
    frames.push(frame);
    listeners.forEach((listener) => listener(frame));
  };
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }) => {
    closed.resolve({ code, reason });
    opened.resolve();
  };
  return {
    socket,
    frames,
    onFrame: (listener) => listeners.push(listener),
    closed: closed.promise,
    opened: opened.promise,
  };
}

/** `forgets`: its events are passed on and not kept. */
export async function connect(
  url: string,
  token: string,
  cursor?: string,
  { limitMs = patienceMs, forgets = false }: Patience & {
    readonly forgets?: boolean;
  } = {},
): Promise<Line> {
  const { socket, frames, onFrame, closed, opened } = openSocket(url);
  const events: Event[] = [];
  const waiting = new Map<
    string | number,
    PromiseWithResolvers<ReplyFrame>
  >();
  const expecting = new Set<(event: Event) => void>();
  let ids = 0;
  let end: { code: number; reason: string } | undefined;
  onFrame((frame) => {
    frames.length = 0;
    if (frame.type === "reply") {
      waiting.get(frame.id!)?.resolve(frame);
    } else {
      if (!forgets || expecting.size === 0) events.push(frame);
      expecting.forEach((expect) => expect(frame));
    }
  });
  void closed.then((how) => {
    end = how;
    for (const { reject } of waiting.values()) reject(unanswered(how));
  });

  async function ask(frame: { type: string; [field: string]: unknown }) {
    if (end) throw unanswered(end);
    const id = ++ids;
    const reply = Promise.withResolvers<ReplyFrame>();
    waiting.set(id, reply);
    const late = setTimeout(
      () => reply.reject(new NoAnswer(frame.type, limitMs)),
      limitMs,
    );
    socket.send(JSON.stringify({ id, ...frame }));
    try {
      return await reply.promise;
    } finally {
      clearTimeout(late);
      waiting.delete(id);
    }
  }

  try {
    await within(limitMs, opened);
    const hello = { type: "hello", token, ...(cursor && { cursor }) };
    const reply = await ask(hello);
    if (!reply.ok) throw new Error(`Refused: ${JSON.stringify(reply.error)}`);
    return {
      welcome: reply.data as Welcome,
      events,
      onEvent: (listener) => void expecting.add(listener),
      ask,
      closed,
      raw: (data) => socket.send(data),
      close: () => socket.close(),
      heard<T extends Event["type"]>(
        type: T,
        fits: (event: EventOf<T>) => boolean = () => true,
      ) {
        const isIt = (event: Event): event is EventOf<T> =>
          event.type === type && fits(event as EventOf<T>);
        const before = events.find(isIt);
        if (before) return Promise.resolve(before);
        const { promise, resolve, reject } = Promise.withResolvers<
          EventOf<T>
        >();
        const expect = (event: Event) => {
          if (!isIt(event)) return;
          expecting.delete(expect);
          resolve(event);
        };
        expecting.add(expect);
        void closed.then(({ code }) =>
          reject(new Error(`Closed with ${code} before ${type}`))
        );
        return promise;
      },
      async [Symbol.asyncDispose]() {
        socket.close();
        await closed;
      },
    };
  } catch (error) {
    socket.close();
    throw error;
  }
}

const unanswered = ({ code, reason }: { code: number; reason: string }) =>
  new Error(`Closed with ${code} ${reason} before the reply`);

/** Rejects where it takes longer. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, reject) => {
    late = setTimeout(
      () => reject(new NoAnswer("an upgrade", limitMs)),
      limitMs,
    );
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(late));
}
