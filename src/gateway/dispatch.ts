import type { Announce } from "../changes/mod.ts";
import type { Caller } from "../http/env.ts";
import type { Contacts } from "../contacts/mod.ts";
import type { RateLimit } from "../http/rate_limit.ts";
import type { Inbox } from "../inbox/mod.ts";
import type { Messages } from "../messages/mod.ts";
import type { PresenceService } from "../presence/mod.ts";
import type {
  ClientFrame,
  ClientFrameOf,
  ReplyData,
} from "../protocol/frames.ts";
import { Problem } from "../protocol/problem.ts";
import type { ChatKind } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";

export interface DispatchParts {
  readonly messages: Messages;
  readonly inbox: Pick<Inbox, "readChanges">;
  readonly presence: Pick<PresenceService, "setActive" | "watch">;
  readonly contacts: Pick<Contacts, "isBlockedChat">;
  readonly hub: Pick<Hub, "isIn">;
  kindOf(chatId: ChatId): Promise<ChatKind | undefined>;
  /** Whether a group is told of a member's typing. */
  mayType(member: { chatId: ChatId; userId: UserId }): Promise<boolean>;
  /** How often one person may tell a chat of her typing. */
  readonly typing: RateLimit;
  readonly announce: Announce;
  authenticate(token: string): Promise<Caller>;
}

type Handlers = {
  [T in ClientFrame["type"]]: (
    connection: Connection,
    frame: ClientFrameOf<T>,
  ) => Promise<ReplyData<T>> | ReplyData<T>;
};

/** Hands a checked frame to the capability it asks for. Rejects with a `Problem`. */
export type Dispatch = (
  connection: Connection,
  frame: ClientFrame,
) => Promise<object>;

export function createDispatch(parts: DispatchParts): Dispatch {
  const { messages, inbox, presence, contacts, hub, kindOf } = parts;
  const { announce, authenticate } = parts;
  const targetOf = (
    { userId: by }: Connection,
    { chatId, messageId }: ClientFrameOf<
      "edit" | "delete" | "react" | "vote" | "closePoll"
    >,
  ) => ({ chatId, messageId, by });

  const handlers: Handlers = {
    send: ({ userId }, { type: _, id: __, chatId, ...message }) =>
      messages.send(chatId, userId, message),

    edit: (connection, frame) =>
      messages.edit(targetOf(connection, frame), frame.content),
    delete: (connection, frame) =>
      messages.delete(targetOf(connection, frame), frame.for),
    react: (connection, frame) =>
      messages.react(targetOf(connection, frame), frame.emoji, frame.active),

    vote: (connection, frame) =>
      messages.vote(targetOf(connection, frame), frame.options),
    closePoll: (connection, frame) =>
      messages.closePoll(targetOf(connection, frame)),

    read: async ({ userId }, { chatId, seq }) => {
      await messages.advanceReceipt(chatId, userId, { readSeq: seq });
      return {};
    },
    delivered: async ({ userId }, { chatId, seq }) => {
      await messages.advanceReceipt(chatId, userId, { deliveredSeq: seq });
      return {};
    },

    typing: async (connection, { chatId, active }) => {
      const { userId } = connection;
      if (!hub.isIn(connection, chatId)) throw new Problem("not_found");
      parts.typing.take(`${userId} ${chatId}`);
      const kind = await kindOf(chatId);
      const isBlocked = kind === "direct" &&
        await contacts.isBlockedChat(chatId);
      const isTold = kind !== "group" ||
        await parts.mayType({ chatId, userId });
      // The person may have been removed meanwhile.
      if (!hub.isIn(connection, chatId)) throw new Problem("not_found");
      if (isBlocked) throw new Problem("blocked");
      // It would tell everybody who is about to post.
      if (kind === "channel") {
        throw new Problem("forbidden", {
          detail: "Nobody is shown typing in a channel",
        });
      }
      if (!isTold) return {};
      announce([{
        chat: chatId,
        event: { type: "typing", chatId, userId, active },
      }]);
      return {};
    },

    presence: (connection, { state }) => {
      presence.setActive(connection, state === "active");
      return {};
    },
    watch: async (connection, { userIds }) => ({
      presence: await presence.watch(connection, userIds),
    }),

    changes: ({ userId }, { chatId, since, limit }) =>
      inbox.readChanges(chatId, userId, since, limit),

    refresh: async (connection, { token }) => {
      const caller = await authenticate(token);
      const { userId, deviceId } = connection;
      if (caller.userId !== userId || caller.deviceId !== deviceId) {
        throw new Problem("forbidden", {
          detail: "The token belongs to another device",
        });
      }
      connection.identify(caller);
      return { expiresAt: caller.expiresAt.toISOString() };
    },

    ping: () => ({}),
  };

  return async (connection, frame) => {
    // The table gives each type the handler of its own frame, which the compiler cannot follow.
    const handle = handlers[frame.type] as (
      c: Connection,
      f: ClientFrame,
    ) => object;
    return await handle(connection, frame);
  };
}
