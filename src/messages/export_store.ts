import { sql } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { SealedEarlier } from "./edit_store.ts";
import { columns, type StoredMessage } from "./store.ts";

/** A part of a chat, above `after` and up to `upTo`. */
export interface Stretch {
  readonly chatId: ChatId;
  readonly after: number;
  readonly upTo: number;
}

/**
 * What a person sent in a stretch of a chat. There is no index by sender, which every send would have to
 * pay for: the stretch bounds what is looked through.
 */
export const messagesBy = (
  userId: UserId,
  { chatId, after, upTo }: Stretch,
  limit: number,
) =>
  sql<StoredMessage>`select ${columns} from messages
    where chat_id = ${chatId}::uuid and seq > ${after} and seq <= ${upTo}
      and sender_id = ${userId}::uuid
    order by seq limit ${limit}`;

export interface OwnReaction {
  readonly chatId: ChatId;
  readonly seq: number;
  readonly emoji: string;
  readonly createdAt: Date;
}

/** A person's reactions in a stretch of a chat; with an emoji, those of `after` that come after it too. */
export const reactionsBy = (
  userId: UserId,
  { chatId, after, upTo }: Stretch,
  emoji: string | null,
  limit: number,
) =>
  sql<OwnReaction>`select chat_id, seq, emoji, created_at from reactions
    where chat_id = ${chatId}::uuid and seq >= ${after} and seq <= ${upTo}
      and (seq > ${after} ${
    emoji === null ? sql`` : sql`or emoji > ${emoji}`
  }) and user_id = ${userId}::uuid
    order by seq, emoji limit ${limit}`;

export interface HiddenPlace {
  readonly chatId: ChatId;
  readonly seq: number;
  readonly messageId: MessageId;
}

/** A page of what a person hid from herself, in the order of the key. */
export const hiddenBy = (
  userId: UserId,
  after: HiddenPlace | null,
  limit: number,
) =>
  sql<HiddenPlace>`select chat_id, seq, message_id from hidden_messages
    where user_id = ${userId}::uuid and ${
    after === null
      ? sql`true`
      : sql`(chat_id, seq) > (${after.chatId}::uuid, ${after.seq})`
  } order by chat_id, seq limit ${limit}`;

export type EarlierPlace = SealedEarlier;

/** A page of what a person's messages in a chat said before, in the order of the key. */
export const earlierBy = (
  userId: UserId,
  chatId: ChatId,
  after: Pick<EarlierPlace, "seq" | "rev"> | null,
  limit: number,
) =>
  sql<EarlierPlace>`select e.*, m.message_id
    from message_edits e join messages m using (chat_id, seq)
    where e.chat_id = ${chatId}::uuid and m.sender_id = ${userId}::uuid and ${
    after === null
      ? sql`true`
      : sql`(e.seq, e.rev) > (${after.seq}, ${after.rev})`
  } order by e.seq, e.rev limit ${limit}`;
