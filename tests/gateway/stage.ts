import { createAnnounce } from "../../src/changes/mod.ts";
import {
  createGateway,
  createHub,
  createInterest,
  type Gateway,
  type GatewayParts,
  type Hub,
} from "../../src/gateway/mod.ts";
import { createBackground } from "../../src/lib/background.ts";
import { createLog } from "../../src/lib/log.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import type { Announcement } from "../../src/relay/relay.ts";
import { said } from "./news.ts";
import type { World } from "./world.ts";

export interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly gateway: Gateway;
  readonly hub: Hub;
  readonly interest: ReturnType<typeof createInterest>;
  /** Everyone whom presence counts as here. */
  readonly present: ReadonlySet<UserId>;
  /** What was logged as a warning or worse. */
  readonly complaints: readonly string[];
  /** The chat takes its next `rev`, and the gateway hears of it. */
  say(chatId: ChatId): void;
  /** The gateway hears of something. */
  hear(...news: Announcement[]): void;
}

/** What a test puts in the place of the world's own. */
export interface Replaced {
  readonly authenticate?: GatewayParts["authenticate"];
  readonly readUser?: GatewayParts["readUser"];
  readonly inbox?: Partial<GatewayParts["inbox"]>;
  readonly messages?: Partial<GatewayParts["messages"]>;
  readonly presence?: Partial<GatewayParts["presence"]>;
  readonly heartbeatMs?: number;
  /** Answers the requests, where that is not the gateway alone. */
  readonly serve?: (request: Request) => Response;
}

const unexpected = () => Promise.reject(new Error("Nobody expected this"));

/** The gateway on a real port, over a world that a test can hold still anywhere. */
export function gatewayStage(world: World, replaced: Replaced = {}): Stage {
  const complaints: string[] = [];
  const write = (line: string) => void complaints.push(line);
  const log = createLog({ level: "warn", write });
  const background = createBackground(log);
  const relay = createLocalRelay();
  const interest = createInterest({
    relay,
    on: () => {},
    onGap: () => {},
    onFailure: (error) => write(String(error)),
  });
  const hub = createHub({
    onLost: () => {},
    interest,
    background,
    catchUpChat: (chatId) =>
      Promise.resolve({
        rev: world.chats.get(chatId)!.rev,
        deleted: false,
        left: [],
      }),
    catchUpAccount: unexpected,
    // Long: what a test does not bring about does not happen.
    reorderMs: 60_000,
  });
  const present = new Set<UserId>();
  const gateway = createGateway({
    hub,
    log,
    clock: () => world.now,
    now: () => world.now,
    tickMs: 1,
    ...(replaced.heartbeatMs && { heartbeatMs: replaced.heartbeatMs }),
    announce: createAnnounce({
      isolateId: "here",
      relay,
      local: (announcements) => hub.receive(announcements),
      onRelayFailure: (error) => write(String(error)),
    }),
    kindOf: () => Promise.resolve("group"),
    authenticate: replaced.authenticate ?? world.authenticate,
    readUser: replaced.readUser ?? world.readUser,
    inbox: {
      chatIds: world.chatIds,
      readHeads: world.readHeads,
      readChanges: unexpected,
      ...replaced.inbox,
    },
    hidesReads: () => Promise.resolve(false),
    contacts: { isBlockedChat: () => Promise.resolve(false) },
    typing: { take: () => {}, giveBack: () => {} },
    messages: { send: unexpected, ...replaced.messages } as Partial<
      GatewayParts["messages"]
    > as GatewayParts["messages"],
    presence: {
      arrive: ({ userId }) => void present.add(userId),
      depart: ({ userId }) => void present.delete(userId),
      setActive: () => {},
      watch: () => Promise.resolve([]),
      ...replaced.presence,
    },
  });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      try {
        return (replaced.serve ?? gateway.upgrade)(request);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return Response.json(error.document(), { status: error.status });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    gateway,
    hub,
    interest,
    present,
    complaints,
    say: (chatId) =>
      hub.receive([said(chatId, ++world.chats.get(chatId)!.rev)]),
    hear: (...news) => hub.receive(news),
    async [Symbol.asyncDispose]() {
      await gateway.drain(() => Promise.resolve());
      await server.shutdown();
      await background.settled();
    },
  };
}
