import type { SendReply } from "../protocol/frames.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { createAcks } from "./acks.ts";
import { createAttention } from "./attention.ts";
import { createChatsApi } from "./chats_api.ts";
import type { CallOptions } from "./chats_api.ts";
import type { ParleyClient } from "./client.ts";
import { createConnection } from "./connection.ts";
import { createEmitter } from "./emitter.ts";
import { clientError, hasCode, unavailable } from "./error.ts";
import type { ClientEvents } from "./events.ts";
import { createHttp } from "./http.ts";
import { createLoader } from "./loader.ts";
import { newMessageId } from "./message_id.ts";
import { createMessagesApi } from "./messages_api.ts";
import { createOutbox } from "./outbox.ts";
import {
  memoryOutboxStore,
  type OutboxEntry,
  type OutboxStore,
} from "./outbox_store.ts";
import { createDevicesApi, createMeApi, createUsersApi } from "./people_api.ts";
import { type Platform, systemPlatform } from "./platform.ts";
import { createRest } from "./rest.ts";
import { createSession } from "./session.ts";
import { memorySessionStore, type SessionStore } from "./session_store.ts";
import { createSource } from "./source.ts";
import { createSync } from "./sync.ts";
import { createTokenKeeper } from "./token_keeper.ts";

export interface ClientOptions {
  /** Where the service is, as `https://chat.example`; a path before `/api` is kept. */
  readonly url: string | URL;
  /** What outlives the page or process: by default nothing. */
  readonly storage?: {
    readonly session?: SessionStore;
    readonly outbox?: OutboxStore;
  };
  /** Keeps the refresh token in a cookie that no script can read. For pages of the service's own site. */
  readonly cookie?: boolean;
  /** How many messages a chat keeps, beside those loaded with `older`. 500 by default. */
  readonly keepMessages?: number;
  /** Whether to tell the service what was delivered to this device. On by default. */
  readonly acknowledge?: boolean;
  /**
   * How many messages of one chat may be on their way at once. With more than the default 1, one that
   * has to be sent again may end up behind one that was sent after it.
   */
  readonly sendsPerChat?: number;
  /** Replaces parts of the surroundings, as tests do. */
  readonly platform?: Partial<Platform>;
}

/** A client of the service at `url`. It does nothing until it is asked to. */
export function createClient(options: ClientOptions): ParleyClient {
  const { storage = {}, cookie = false, acknowledge = true } = options;
  const platform = { ...systemPlatform(), ...options.platform };
  const base = String(options.url).replace(/\/+$/, "");
  const lifetime = new AbortController();
  const { on, emit } = createEmitter<ClientEvents>();
  const onFault = (error: unknown) => emit("error", error);
  let userId: UserId | undefined;
  let restoring: Promise<void> | undefined;

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
    onToken(stored) {
      userId = stored.user.userId;
      tokens.token(stored);
    },
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
    onEvent: (event) => sync.event(event),
    onDown() {
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

  /** The account is not this client's any more. */
  function leave(why: unknown, isOutboxKept: boolean) {
    userId = restoring = undefined;
    outbox.stop(why, isOutboxKept);
    connection.close(why);
    sync.reset();
    loader.clear();
    attention.clear();
  }

  async function signedIn() {
    const stored = await session.current();
    userId = stored?.user.userId;
    return stored?.user;
  }

  async function mySelf(): Promise<UserId> {
    const user = await signedIn();
    if (user) return user.userId;
    throw clientError("unauthenticated", { detail: "Nobody is signed in" });
  }

  async function signIn<T>(grant: () => Promise<T>) {
    const before = await session.current();
    if (before) leave(unavailable("Somebody signed in anew"), true);
    return await grant();
  }

  async function move(
    type: "read" | "delivered",
    chatId: ChatId,
    seq: number,
    { signal }: CallOptions = {},
  ) {
    const { link } = connection;
    if (link) return void await link.request({ type, chatId, seq }, { signal });
    await rest.call<void>({
      method: "POST",
      path: `/chats/${chatId}/${type}`,
      body: { seq },
      repeatable: true,
      signal,
    });
  }

  return {
    on,
    signedIn,
    register: (request, { signal } = {}) =>
      signIn(() => session.register(request, signal)),
    login: (request, { signal } = {}) =>
      signIn(() => session.login(request, signal)),
    logout: session.logout,

    get connection() {
      return connection.state;
    },
    async connect({ signal } = {}) {
      const me = await mySelf();
      signal?.throwIfAborted();
      connection.open();
      restoring ??= outbox.restore(me);
      restoring.catch(onFault);
      try {
        await connection.live(signal);
      } catch (error) {
        if (signal?.aborted) connection.close();
        throw error;
      }
    },
    disconnect: () => connection.close(),

    chatStates: () => [...sync.registry.chats.values()].map((k) => k.state),
    chatState: (chatId) => sync.registry.chats.get(chatId)?.state,
    async open(chatId, opening) {
      await mySelf();
      return await loader.open(chatId, opening);
    },
    older: loader.older,
    close: loader.close,

    async send(chatId, content, { messageId, replyTo, signal } = {}) {
      const senderId = await mySelf();
      // What was left over from before goes first.
      await (restoring ??= outbox.restore(senderId));
      return await outbox.send({
        messageId: messageId ?? newMessageId(platform.clock.now()),
        chatId,
        content: typeof content === "string"
          ? { type: "text", text: content }
          : content,
        ...(replyTo !== undefined && { replyTo }),
        senderId,
      }, signal);
    },
    unconfirmed: outbox.entries,

    read: (chatId, seq, how) => move("read", chatId, seq, how),
    delivered: (chatId, seq, how) => move("delivered", chatId, seq, how),
    typing(chatId, active) {
      connection.link?.notify({ type: "typing", chatId, active });
    },
    watch: (userIds, { signal } = {}) => attention.watch(userIds, signal),
    setPresence: (state, { signal } = {}) =>
      attention.setPresence(state, signal),

    chats: createChatsApi(rest),
    messages,
    users: createUsersApi(rest),
    me: createMeApi(rest),
    devices: createDevicesApi(rest),

    async [Symbol.asyncDispose]() {
      const why = unavailable("The client was closed");
      outbox.stop(why, true);
      connection.close(why);
      // A new token that is on its way has made the one before it void.
      await session.settled();
      lifetime.abort(why);
      sync.down();
    },
  };
}
