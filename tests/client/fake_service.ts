import type { Session } from "../../src/protocol/accounts.ts";
import type { Event } from "../../src/protocol/events.ts";
import {
  ClientFrame,
  HelloFrame,
  type ReplyFrame,
  subprotocol,
} from "../../src/protocol/frames.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import { Problem, type ProblemCode } from "../../src/protocol/problem.ts";
import { Privacy } from "../../src/protocol/privacy.ts";
import type { Welcome } from "../../src/protocol/sync.ts";
import { eventually } from "./eventually.ts";

export type Frame = HelloFrame | ClientFrame;
type Handler = (
  request: { params: Record<string, string>; query: URLSearchParams } & {
    // deno-lint-ignore no-explicit-any -- whatever the test expects there
    body: any;
    token: string | undefined;
  },
) => unknown | Promise<unknown>;

/** The service's side of one WebSocket connection, played by the test. */
export interface FakeConnection {
  /** Every frame that came, each checked against its schema. */
  readonly frames: Frame[];
  /** The next frame of that type that was not taken yet. */
  take<T extends Frame["type"]>(type: T): Promise<Extract<Frame, { type: T }>>;
  reply(to: { id?: unknown }, data?: unknown): void;
  refuse(to: { id?: unknown }, code: ProblemCode, retryAfterMs?: number): void;
  send(...events: Event[]): void;
  raw(text: string): void;
  close(code: number, reason?: string): void;
  readonly isClosed: boolean;
}

/** A service that says what the test lets it say. */
const open = { who: "everyone" as const, allow: [], deny: [] };
const openPrivacy = Object.fromEntries(
  Object.keys(Privacy.shape).map((setting) => [setting, open]),
) as unknown as Privacy;

export interface FakeService extends AsyncDisposable {
  readonly url: string;
  /** `METHOD /path/:param` below `/api/v1`; a thrown Problem is rendered, a Response passed on. */
  readonly routes: Map<string, Handler>;
  /** `METHOD /path` of each call so far. */
  readonly calls: string[];
  readonly connections: FakeConnection[];
  /** The next connection that was not taken yet. */
  connection(): Promise<FakeConnection>;
  /** Takes the next connection and welcomes it. */
  welcomed(welcome?: Partial<Welcome>): Promise<FakeConnection>;
  /** Answers frames nobody takes by themselves. */
  answer: (frame: ClientFrame, connection: FakeConnection) => void;
  /** Refresh tokens that were used; a second use is answered as the real service does. */
  readonly usedRefreshTokens: Set<string>;
  readonly me: UserId;
  readonly grant: () => Session;
  tokenLifeMs: number;
  now: () => number;
}

export const userId = (n: number) =>
  `00000000-0000-7000-8000-${String(n).padStart(12, "0")}` as UserId;

export function startFakeService(now: () => number): FakeService {
  const routes = new Map<string, Handler>();
  const calls: string[] = [];
  const connections: FakeConnection[] = [];
  const sockets = new Set<WebSocket>();
  const usedRefreshTokens = new Set<string>();
  const me = userId(1);
  let taken = 0;
  let grants = 0;

  function grant(): Session {
    grants++;
    return {
      user: {
        userId: me,
        username: "ada",
        displayName: "Ada",
        about: "",
        email: null,
        createdAt: new Date(now()).toISOString(),
        privacy: openPrivacy,
        accountRev: 1,
      },
      device: {
        deviceId: userId(1000) as string as DeviceId,
        name: "test",
        platform: "test",
        createdAt: new Date(now()).toISOString(),
        lastUsedAt: new Date(now()).toISOString(),
        revokedAt: null,
        current: true,
      },
      accessToken: `access-${grants}`,
      accessTokenExpiresAt: new Date(now() + service.tokenLifeMs)
        .toISOString(),
      refreshToken: `refresh-${grants}`,
    };
  }

  routes.set("POST /auth/login", grant);
  routes.set("POST /auth/register", grant);
  routes.set("POST /auth/logout", () => undefined);
  routes.set("POST /auth/refresh", ({ body: { refreshToken } }) => {
    if (usedRefreshTokens.has(refreshToken)) throw new Problem("token_revoked");
    usedRefreshTokens.add(refreshToken);
    return grant();
  });

  async function answerCall(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace("/api/v1", "");
    calls.push(`${request.method} ${path}`);
    for (const [route, handler] of routes) {
      const [method, pattern] = route.split(" ");
      const match = new URLPattern({ pathname: pattern! }).exec({
        pathname: path,
      });
      if (method !== request.method || !match) continue;
      const text = await request.text();
      try {
        const answer = await handler({
          params: match.pathname.groups as Record<string, string>,
          query: url.searchParams,
          body: text === "" ? undefined : JSON.parse(text),
          token: request.headers.get("authorization")?.replace("Bearer ", ""),
        });
        if (answer instanceof Response) return answer;
        if (answer === undefined) return new Response(null, { status: 204 });
        return Response.json(answer);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const { status } = error;
        const headers = { "content-type": "application/problem+json" };
        const document = JSON.stringify(error.document());
        return new Response(document, { status, headers });
      }
    }
    return Response.json(new Problem("not_found").document(), { status: 404 });
  }

  function connect(socket: WebSocket): FakeConnection {
    const frames: Frame[] = [];
    const untaken: Frame[] = [];
    const send = (frame: Event | ReplyFrame) => {
      if (socket.readyState === 1) socket.send(JSON.stringify(frame));
    };
    const connection: FakeConnection = {
      frames,
      get isClosed() {
        return socket.readyState > 1;
      },
      // deno-lint-ignore no-explicit-any -- the type follows from the search
      take: (type): Promise<any> =>
        eventually(`a ${type} frame`, () => {
          const at = untaken.findIndex((frame) => frame.type === type);
          return at < 0 ? undefined : untaken.splice(at, 1)[0];
        }),
      reply: ({ id }, data = {}) =>
        send({ type: "reply", id: id as number, ok: true, data }),
      refuse({ id }, code, retryAfterMs) {
        const extras = retryAfterMs === undefined ? {} : { retryAfterMs };
        const error = new Problem(code, extras).document();
        send({ type: "reply", id: id as number, ok: false, error });
      },
      send: (...events) => events.forEach(send),
      raw: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
    };
    socket.onmessage = ({ data }) => {
      const json = JSON.parse(data);
      const schema = json.type === "hello" ? HelloFrame : ClientFrame;
      const frame = schema.parse(json);
      frames.push(frame);
      untaken.push(frame);
      if (frame.type !== "hello") service.answer(frame, connection);
    };
    return connection;
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      if (!request.url.endsWith("/api/v1/ws")) return answerCall(request);
      const { socket, response } = Deno.upgradeWebSocket(request, {
        protocol: subprotocol,
      });
      sockets.add(socket);
      connections.push(connect(socket));
      return response;
    },
  );

  const service: FakeService = {
    url: `http://127.0.0.1:${server.addr.port}`,
    routes,
    calls,
    connections,
    me,
    grant,
    usedRefreshTokens,
    tokenLifeMs: 900_000,
    now,
    answer(frame, connection) {
      if (frame.type === "delivered" || frame.type === "ping") {
        connection.reply(frame);
      }
    },
    connection: () =>
      eventually("a connection", () => {
        const next = connections[taken];
        if (next) taken++;
        return next;
      }),
    async welcomed(welcome = {}) {
      const connection = await service.connection();
      const hello = await connection.take("hello");
      connection.reply(hello, welcomeOf(me, welcome));
      return connection;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      await server.shutdown();
    },
  };
  return service;
}

export function welcomeOf(me: UserId, given: Partial<Welcome> = {}): Welcome {
  return {
    user: { userId: me, username: "ada", displayName: "Ada", about: "" },
    deviceId: userId(1000) as string as DeviceId,
    heartbeatMs: 25_000,
    limits: { frameBytes: 65_536, textLength: 16_000, watchedUsers: 500 },
    epoch: "one",
    accountRev: 1,
    chats: [],
    gone: [],
    cursor: "cursor-1",
    ...given,
  };
}
