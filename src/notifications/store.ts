import { sql, type Statement } from "../db/sql.ts";
import type { TimePlace } from "../db/time_cursor.ts";
import { everyone } from "../messages/mod.ts";
import type { User } from "../protocol/accounts.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";

/** Whose notifications, and when: a mute runs out by that clock. */
export interface Moment {
  readonly userId: UserId;
  readonly now: Date;
}

/**
 * The chats that have something to notify a person of: what comes after `seen_seq` counts. The mentions
 * are looked for in those alone, by the index of them; with `offset 0`, everything else by its key too.
 */
const noisyChats = ({ userId, now }: Moment) =>
  sql`select chat.*, case
      when level = 'all' then last_seq - seen_seq
      else mentions
    end as unseen
  from (
    select m.chat_id, h.last_seq, h.active_at, seen.seen_seq, level.level,
      coalesce(p.marked_unread, false) as marked_unread,
      case when h.last_seq > seen.seen_seq then (
        select count(distinct x.seq) from mentions x
        where x.user_id in (${userId}::uuid, ${everyone}::uuid)
          and x.chat_id = m.chat_id and x.seq > seen.seen_seq
          and ${isShown(userId)}
      ) else 0 end as mentions
    from members m
    cross join lateral (select last_seq, active_at from heads
      where scope_id = m.chat_id offset 0) h
    left join lateral (select read_seq from receipts
      where chat_id = m.chat_id and user_id = m.user_id offset 0) r on true
    left join chat_preferences p on p.user_id = m.user_id and p.chat_id = m.chat_id
    cross join lateral (select greatest(m.joined_seq, r.read_seq, p.cleared_seq,
      p.notified_seq) as seen_seq) seen
    cross join lateral (select case when p.muted_until > ${now}::timestamptz then 'none'
      else coalesce(p.notify, 'all') end as level) level
    where m.user_id = ${userId}::uuid and m.left_at is null
      and level.level <> 'none'
      and (h.last_seq > seen.seen_seq or p.marked_unread)
      and exists (select from chats
        where chats.chat_id = m.chat_id and chats.deleted_at is null offset 0)
  ) chat`;

/** Of mentions as `x`: what a person has deleted for herself does not mean her any more. */
const isShown = (userId: UserId) =>
  sql`not exists (select from hidden_messages hidden
    where hidden.user_id = ${userId}::uuid and hidden.chat_id = x.chat_id
      and hidden.seq = x.seq)`;

export interface NoisyChat {
  readonly chatId: ChatId;
  readonly count: number;
  readonly mentions: number;
}

/** What each chat counts, where it is not 0. A mark set by hand counts one at least. */
export const chatCounts = (moment: Moment): Statement<NoisyChat> =>
  sql<NoisyChat>`select chat_id, mentions,
      greatest(unseen, marked_unread::integer) as count
    from (${noisyChats(moment)}) noisy
    where unseen > 0 or marked_unread`;

/** Requests that came in since the person looked at them last. */
const requests = (userId: UserId) =>
  sql`select c.peer_id, c.since from contacts c
    where c.user_id = ${userId}::uuid and c.state = 'incoming' and c.account_rev >
      coalesce((select account_rev from contact_views where user_id = ${userId}::uuid), 0)`;

export const requestCount = (userId: UserId): Statement<{ count: number }> =>
  sql<{ count: number }>`select count(*) as count from (${
    requests(userId)
  }) request`;

/** One place in the list: a chat, a mention or a request, whose columns alone are not null. */
export interface NotificationRow {
  readonly at: Date;
  readonly id: string;
  readonly chat: {
    readonly chatId: ChatId;
    readonly count: number;
    readonly mentions: number;
    readonly markedUnread: boolean;
  } | null;
  readonly mention: {
    readonly chatId: ChatId;
    readonly seq: number;
    readonly messageId: MessageId;
    readonly senderId: UserId;
  } | null;
  readonly user: User | null;
}

/** A page of everything together, the newest first. An unsigned post is from its channel, as everywhere. */
export const notificationPage = (
  moment: Moment,
  after: TimePlace<string> | null,
  limit: number,
): Statement<NotificationRow> =>
  sql<NotificationRow>`with noisy as materialized (${noisyChats(moment)})
    select * from (
      select noisy.active_at as at, noisy.chat_id as id,
        json_build_object('chatId', noisy.chat_id, 'count',
          greatest(unseen, marked_unread::integer), 'mentions', mentions,
          'markedUnread', marked_unread) as chat,
        null::json as mention, null::json as user
      from noisy
      where unseen > 0 or marked_unread
      union all
      select said.created_at, said.message_id, null,
        json_build_object('chatId', said.chat_id, 'seq', said.seq,
          'messageId', said.message_id, 'senderId', case said.posted_as
            when 'channel' then said.chat_id else said.sender_id end), null
      from noisy
      cross join lateral (
        select distinct x.chat_id, x.seq from mentions x
        where noisy.mentions > 0
          and x.user_id in (${moment.userId}::uuid, ${everyone}::uuid)
          and x.chat_id = noisy.chat_id and x.seq > noisy.seen_seq
          and ${isShown(moment.userId)}
      ) meant
      join messages said on said.chat_id = meant.chat_id and said.seq = meant.seq
      union all
      select request.since, request.peer_id, null, null,
        json_build_object('userId', u.user_id, 'username', u.username,
          'displayName', u.display_name, 'about', u.public_about)
      from (${requests(moment.userId)}) request
      join users u on u.user_id = request.peer_id
    ) everything
    where ${
    after === null
      ? sql`true`
      : sql`(at, id) < (${after.at}::timestamptz, ${after.id}::uuid)`
  } order by at desc, id desc limit ${limit}`;
