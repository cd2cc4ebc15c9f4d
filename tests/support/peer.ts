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

/** Calls the service as a plain HTTP client. `body` is sent as JSON. */
export async function call<Body>(
  url: string,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? null : JSON.parse(text)) as Body,
  };
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

export function personOf(url: string, session: Session): Person {
  const { user, accessToken: token } = session;
  return {
    url,
    userId: user.userId,
    username: user.username,
    session,
    call: (method, path, body) => call(url, method, path, { token, body }),
    connect: (cursor) => connect(url, token, cursor),
  };
}

export async function directChat(a: Person, b: Person): Promise<ChatId> {
  const body = { kind: "direct", memberIds: [b.userId] };
  return (await a.call<ChatItem>("POST", "/chats", body)).body.chatId;
}

export async function groupOf(
  owner: Person,
  ...others: Person[]
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

export async function connect(
  url: string,
  token: string,
  cursor?: string,
): Promise<Line> {
  const { socket, frames, onFrame, closed, opened } = openSocket(url);
  const events: Event[] = [];
  const waiting = new Map<string | number, (reply: ReplyFrame) => void>();
  const expecting = new Set<(event: Event) => void>();
  let ids = 0;
  onFrame((frame) => {
    if (frame.type === "reply") {
      waiting.get(frame.id!)?.(frame);
      waiting.delete(frame.id!);
    } else {
      events.push(frame);
      expecting.forEach((expect) => expect(frame));
    }
  });

  function ask(frame: { type: string; [field: string]: unknown }) {
    const id = ++ids;
    const { promise, resolve, reject } = Promise.withResolvers<ReplyFrame>();
    waiting.set(id, resolve);
    void closed.then(({ code, reason }) =>
      reject(new Error(`Closed with ${code} ${reason} before the reply`))
    );
    socket.send(JSON.stringify({ id, ...frame }));
    return promise;
  }

  await opened;
  const reply = await ask({ type: "hello", token, ...(cursor && { cursor }) });
  if (!reply.ok) throw new Error(`Refused: ${JSON.stringify(reply.error)}`);
  frames.length = 0;

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
      const { promise, resolve, reject } = Promise.withResolvers<EventOf<T>>();
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
}
