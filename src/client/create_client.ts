import type { ChatId, UserId } from "../protocol/ids.ts";
import { createChannelsApi } from "./channels_api.ts";
import { createInvitesApi } from "./invites_api.ts";
import { type CallOptions, createChatsApi } from "./chats_api.ts";
import type { ParleyClient, SendOptions } from "./client.ts";
import { createContactsApi } from "./contacts_api.ts";
import { createEmitter } from "./emitter.ts";
import { clientError, unavailable } from "./error.ts";
import type { ClientEvents } from "./events.ts";
import { newMessageId } from "./message_id.ts";
import { createNotificationsApi } from "./notifications_api.ts";
import type { ClientOptions } from "./options.ts";
import type { ToSend } from "./outbox_store.ts";
import { createParts } from "./parts.ts";
import { createOwnTyping } from "./typists.ts";
import { createDevicesApi, createMeApi, createUsersApi } from "./people_api.ts";

/** A client of the service at `url`. It does nothing until it is asked to. */
export function createClient(options: ClientOptions): ParleyClient {
  const { on, emit } = createEmitter<ClientEvents>();
  const parts = createParts(options, emit);
  const { session, rest, connection, outbox, loader, attention } = parts;
  const { chats } = parts.registry;
  let restored: { userId: UserId; done: Promise<void> } | undefined;

  async function mySelf(): Promise<UserId> {
    const user = await parts.signedIn();
    if (user) return user.userId;
    throw clientError("unauthenticated", { detail: "Nobody is signed in" });
  }

  /** What the outbox holds from before goes ahead of what is new. */
  function restore(userId: UserId): Promise<void> {
    if (restored?.userId !== userId) {
      const done = outbox.restore(userId);
      const own = restored = { userId, done };
      // What could not be read is read again the next time.
      done.catch(() => {
        if (restored === own) restored = undefined;
      });
    }
    return restored.done;
  }

  async function signIn<T>(grant: () => Promise<T>): Promise<T> {
    restored = undefined;
    const before = await session.current();
    if (before) parts.leave(unavailable("Somebody signed in anew"), true);
    return await grant();
  }

  async function move(
    type: "read" | "delivered",
    chatId: ChatId,
    seq: number,
    { signal }: CallOptions = {},
  ): Promise<void> {
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

  async function send(
    chatId: ChatId,
    what: ToSend,
    { messageId, replyTo, clearDraft, signal }: SendOptions = {},
  ) {
    const senderId = await mySelf();
    await restore(senderId);
    return await outbox.send({
      messageId: messageId ?? newMessageId(parts.clock.now()),
      chatId,
      ...what,
      ...(replyTo !== undefined && { replyTo }),
      ...(clearDraft !== undefined && { clearDraft }),
      senderId,
    }, signal);
  }

  return {
    on,
    signedIn: parts.signedIn,
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
      restore(me).catch((error) => emit("error", error));
      try {
        await connection.live(signal);
      } catch (error) {
        if (signal?.aborted) connection.close();
        throw error;
      }
    },
    disconnect: () => connection.close(),

    chatStates: () => [...chats.values()].map(({ state }) => state),
    chatState: (chatId) => chats.get(chatId)?.state,
    async open(chatId, opening) {
      await mySelf();
      return await loader.open(chatId, opening);
    },
    older: loader.older,
    close: loader.close,

    send: (chatId, said, options) => {
      const content = typeof said === "string"
        ? { type: "text" as const, text: said }
        : said;
      return send(chatId, { content }, options);
    },
    forward: (chatId, { chatId: from, messageId }, options) =>
      send(chatId, { forward: { chatId: from, messageId } }, options),
    unconfirmed: outbox.entries,

    read: (chatId, seq, how) => move("read", chatId, seq, how),
    delivered: (chatId, seq, how) => move("delivered", chatId, seq, how),
    typing: createOwnTyping(parts.clock, (chatId, active) => {
      const { link } = connection;
      link?.notify({ type: "typing", chatId, active });
      return link !== undefined;
    }),
    watch: (userIds, { signal } = {}) => attention.watch(userIds, signal),
    setPresence: (state, { signal } = {}) =>
      attention.setPresence(state, signal),

    chats: createChatsApi(rest),
    channels: createChannelsApi(rest),
    invites: createInvitesApi(rest),
    messages: parts.messages,
    users: createUsersApi(rest),
    contacts: createContactsApi(rest),
    notifications: createNotificationsApi(rest),
    me: createMeApi(rest, session.end),
    devices: createDevicesApi(rest),

    [Symbol.asyncDispose]: parts.dispose,
  };
}
