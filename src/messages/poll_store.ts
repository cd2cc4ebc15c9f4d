import type { ScopeId, Table } from "../changes/mod.ts";
import { sql, table } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";

/** What one person chose in a poll, a bit an option. */
export interface VoteRow {
  readonly messageId: MessageId;
  readonly userId: UserId;
  readonly chatId: ChatId;
  readonly seq: number;
  /** 0 once taken back. */
  readonly choices: number;
  readonly votedAt: Date;
  readonly accountRev: number;
}

export const bitsOf = (options: readonly number[]): number =>
  options.reduce((bits, option) => bits | (1 << option), 0);

export const optionsOf = (bits: number): number[] =>
  Array.from({ length: 32 - Math.clz32(bits) }, (_, option) => option)
    .filter((option) => (bits & (1 << option)) !== 0);

/** Who chose what. The counts stand with the message. */
export const votes: Table<Pick<VoteRow, "messageId" | "userId">, VoteRow> = {
  name: "votes",
  id: ({ messageId, userId }) => `${messageId}/${userId}`,
  load: (keys) =>
    sql<VoteRow>`select message_id, v.*
      from ${table(keys, { messageId: "uuid", userId: "uuid" })} k (id, who)
      join messages m on m.message_id = k.id
      join poll_votes v on v.chat_id = m.chat_id and v.seq = m.seq and v.user_id = k.who`,
  save: (rows) => [
    sql`insert into poll_votes (chat_id, seq, user_id, choices, voted_at, account_rev)
      select n.* from ${
      table(rows, {
        chatId: "uuid",
        seq: "bigint",
        userId: "uuid",
        choices: "integer",
        votedAt: "timestamptz",
        accountRev: "bigint",
      })
    } n (chat_id, seq, user_id, choices, voted_at, account_rev)
      join messages m using (chat_id, seq) where m.deleted_at is null
      on conflict (chat_id, seq, user_id) do update set choices = excluded.choices,
        voted_at = excluded.voted_at, account_rev = excluded.account_rev`,
  ],
};

/** A page of those who voted, all of them or for one option, in the order of their ids. */
export const votesOf = (
  chatId: ChatId,
  messageId: MessageId,
  option: number | undefined,
  after: UserId | null,
  limit: number,
) =>
  sql<
    Pick<VoteRow, "userId" | "choices" | "votedAt">
  >`select v.user_id, v.choices, v.voted_at
    from messages m join poll_votes v using (chat_id, seq)
    where m.chat_id = ${chatId}::uuid and m.message_id = ${messageId}::uuid
      and v.choices & ${option === undefined ? -1 : 1 << option} <> 0
      and ${after === null ? sql`true` : sql`v.user_id > ${after}::uuid`}
    order by v.user_id limit ${limit}`;

export type OwnVoteRow =
  & Pick<VoteRow, "chatId" | "seq" | "choices" | "votedAt">
  & {
    readonly rev: number;
  };

/** What a person chose after an account's `rev`, the oldest first. */
export const votesSince = (userId: ScopeId, rev: number, limit: number) =>
  sql<OwnVoteRow>`select account_rev as rev, chat_id, seq, choices, voted_at
    from poll_votes where user_id = ${userId}::uuid and account_rev > ${rev}
    order by account_rev limit ${limit}`;
