import type { SendReply } from "../protocol/frames.ts";
import type { UserId } from "../protocol/ids.ts";
import { createAcks } from "./acks.ts";
import { createAttention } from "./attention.ts";
import { createConnection } from "./connection.ts";
import type { Emitter } from "./emitter.ts";
import { hasCode, unavailable } from "./error.ts";
import type { ClientEvents } from "./events.ts";
import { createHttp } from "./http.ts";
import { createLoader } from "./loader.ts";
import { createMessagesApi } from "./messages_api.ts";
import type { ClientOptions } from "./options.ts";
import { createOutbox } from "./outbox.ts";
import { memoryOutboxStore, type OutboxEntry } from "./outbox_store.ts";
import { systemPlatform } from "./platform.ts";
import { createRest } from "./rest.ts";
import { createSession } from "./session.ts";
import { memorySessionStore } from "./session_store.ts";
import { createSource } from "./source.ts";
import { createSync } from "./sync.ts";
import { createTokenKeeper } from "./token_keeper.ts";
import { createTypists } from "./typists.ts";

/** What a client consists of, wired together: the only place where the parts know of each other. */
export function createParts(
  options: ClientOptions,
  emit: Emitter<ClientEvents>["emit"],
) {
  const { storage = {}, cookie = false, acknowledge = true } = options;
  const platform = { ...systemPlatform(), ...options.platform };
  const base = String(options.url).replace(/\/+$/, "");
  const lifetime = new AbortController();
  const onFault = (error: unknown) => emit("error", error);
  let userId: UserId | undefined;

  const http = createHttp({
    platform,
    base,
    cookie,
    lifetime: lifetime.signal,
  });
  const session = createSession({
    http,
    platform,
    store: storage.session ?? memorySessionStore(),
    cookie,
    onToken: (stored) => tokens.token(stored),
    onSignedOut(why) {
      leave(why ?? unavailable("Signed out"), why !== undefined);
      emit("signedOut", why);
    },
  });
  const rest = createRest(http, session);
  const messages = createMessagesApi(rest);
  const tokens = createTokenKeeper(platform.clock, session);

  const connection = createConnection({
    platform,
    url: `${base.replace(/^http/, "ws")}/api/v1/ws`,
    session,
    cursor: () => sync.cursor,
    onState: (state) => emit("connection", state),
    onWelcome(welcome, link) {
      userId = welcome.user.userId;
      sync.welcome(welcome);
      // Another history than the one known: the next welcome is the one that counts.
      if (connection.link !== link) return;
      tokens.up(link);
      loader.reopen();
      attention.up();
    },
    onEvent(event) {
      if (event.type === "typing") return typists.heard(event);
      if (event.type === "message.created") {
        typists.said(event.chatId, event.message.senderId);
      }
      sync.event(event);
    },
    onDown() {
      typists.clear();
      sync.down();
      tokens.down();
      acks.down();
    },
    onMisunderstood(refusal) {
      // A cursor may be older than the service that is to read it.
      if (sync.cursor === undefined) onFault(refusal);
      else sync.forgetCursor();
    },
    onFault,
  });
  const typists = createTypists(
    platform.clock,
    (typing) => emit("typing", typing),
  );
  const acks = createAcks(platform.clock, connection);
  const attention = createAttention(
    connection,
    (presence) => emit("presence", { type: "presence", ...presence }),
    onFault,
  );
  const source = createSource(rest, connection);
  const sync = createSync({
    platform,
    source,
    emit,
    keepMessages: options.keepMessages ?? 500,
    me: () => userId!,
    onState(state) {
      if (acknowledge) acks.consider(state);
    },
    restart: connection.restart,
  });
  const loader = createLoader(sync.registry, source, onFault);
  const outbox = createOutbox({
    platform,
    store: storage.outbox ?? memoryOutboxStore(),
    inFlightPerChat: options.sendsPerChat ?? 1,
    deliver,
    onSettled: (settled) => emit("settled", settled),
    onFault,
  });

  async function deliver(
    { chatId, senderId: _, ...message }: OutboxEntry,
    signal: AbortSignal,
  ): Promise<SendReply> {
    if (connection.state !== "closed") {
      try {
        const link = await connection.live(signal);
        const send = { type: "send", chatId, ...message } as const;
        return await link.request(send, { signal });
      } catch (error) {
        // A frame holds less than the body of a request.
        if (!hasCode(error, "too_large")) throw error;
      }
    }
    const sent = await messages.send(chatId, message, { signal });
    const { messageId, seq, rev, createdAt, duplicate = false } = sent;
    return { messageId, seq, rev, createdAt, duplicate };
  }

  /** Forgets the account: it is not this client's any more. */
  function leave(why: unknown, isOutboxKept: boolean) {
    userId = undefined;
    outbox.stop(why, isOutboxKept);
    connection.close(why);
    sync.reset();
    loader.clear();
    attention.clear();
  }

  async function signedIn() {
    const user = (await session.current())?.user;
    userId = user?.userId;
    return user;
  }

  async function dispose() {
    const why = unavailable("The client was closed");
    outbox.stop(why, true);
    connection.close(why);
    // A new token that is on its way has made the one before it void.
    await session.settled();
    lifetime.abort(why);
    sync.down();
  }

  return {
    clock: platform.clock,
    session,
    rest,
    messages,
    connection,
    attention,
    registry: sync.registry,
    loader,
    outbox,
    signedIn,
    leave,
    dispose,
  };
}
