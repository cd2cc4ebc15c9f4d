import { z } from "zod";
import { ChatId, MessageId } from "./ids.ts";
import { limits } from "./limits.ts";
import { AccountRev, Counter, text, Timestamp } from "./text.ts";

/** What a person has begun to write in a chat and not sent. */
export const Draft = z.strictObject({
  text: text(1, limits.textLength).meta({ examples: ["Dear Grace"] }),
  replyTo: MessageId.optional().meta({
    description: "The message that it is to answer",
    examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b05"],
  }),
}).meta({
  id: "Draft",
  description: "What the account has begun to write and not sent",
});
export type Draft = z.infer<typeof Draft>;

export const NotifyLevel = z.enum(["all", "mentions", "none"]).meta({
  id: "NotifyLevel",
  description: "Which messages of a chat are worth a notification",
  examples: ["all"],
});
export type NotifyLevel = z.infer<typeof NotifyLevel>;

const mutedUntil = Timestamp.nullable().meta({
  description:
    "Until then nothing of the chat is worth a notification, mentions included. A moment far away stands for ever",
  examples: [null],
});
const pinned = z.boolean().meta({
  description: "Whether it comes first in the list",
  examples: [false],
});
const archived = z.boolean().meta({
  description:
    "Whether it stands in the list of archived chats instead of the other one. It stays there, also when somebody writes",
  examples: [false],
});
const markedUnread = z.boolean().meta({
  description: "Set by hand; reading takes it away",
  examples: [false],
});

/** What one person has set for one chat. On all devices of that person, and nobody else's business. */
export const ChatPreferences = z.object({
  accountRev: AccountRev.meta({
    description: "When they last changed; 0 where nothing was ever set",
  }),
  mutedUntil,
  notify: NotifyLevel,
  pinned,
  archived,
  markedUnread,
  clearedSeq: Counter.meta({
    description: "Up to this `seq` the history is hidden from the account",
    examples: [0],
  }),
  notifiedSeq: Counter.meta({
    description: "Up to this `seq` the notifications were put away",
    examples: [0],
  }),
}).meta({
  id: "ChatPreferences",
  description: "What the account has set for a chat, for itself alone",
});
export type ChatPreferences = z.infer<typeof ChatPreferences>;

export const PreferencesPatch = z.strictObject({
  mutedUntil: mutedUntil.optional(),
  notify: NotifyLevel.optional(),
  pinned: pinned.optional(),
  archived: archived.optional(),
  markedUnread: markedUnread.optional(),
  draft: Draft.nullable().optional().meta({
    description: "null takes it away",
  }),
}).meta({ id: "PreferencesPatch" });
export type PreferencesPatch = z.infer<typeof PreferencesPatch>;

export const ChatDraft = z.object({
  chatId: ChatId,
  accountRev: AccountRev,
  draft: Draft.nullable(),
}).meta({
  id: "ChatDraft",
  description: "The draft of a chat whose preferences changed; null for none",
});
export type ChatDraft = z.infer<typeof ChatDraft>;

/** What holds where nothing was ever set. */
export const noPreferences: ChatPreferences = {
  accountRev: 0,
  mutedUntil: null,
  notify: "all",
  pinned: false,
  archived: false,
  markedUnread: false,
  clearedSeq: 0,
  notifiedSeq: 0,
};

/** Messages count from the last one that was read or cleared. */
export const unreadOf = (
  { lastSeq, readSeq, clearedSeq }: {
    readonly lastSeq: number;
    readonly readSeq: number;
    readonly clearedSeq: number;
  },
): number => Math.max(0, lastSeq - Math.max(readSeq, clearedSeq));
