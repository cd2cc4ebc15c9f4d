import type { Database } from "../../src/db/database.ts";
import { Statement } from "../../src/db/sql.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { NotificationCounts } from "../../src/protocol/notifications.ts";
import { accepted } from "../support/answers.ts";
import { fits } from "../support/fits.ts";
import type { Person } from "../support/peer.ts";

/** What the service says. */
export const countsOf = async (by: Person): Promise<NotificationCounts> =>
  fits(
    NotificationCounts,
    accepted(await by.call("GET", "/notifications/counts")),
  );

/** A row of any of the tables, which has those of the columns that its table has. */
interface Row {
  readonly user_id: UserId;
  readonly chat_id: ChatId;
  readonly seq: number;
  readonly joined_seq: number;
  readonly read_seq: number;
  readonly cleared_seq: number;
  readonly notified_seq: number;
  readonly account_rev: number;
  readonly left_at: string | null;
  readonly deleted_at: string | null;
  readonly muted_until: string | null;
  readonly notify: string;
  readonly marked_unread: boolean;
  readonly state: string;
}
type Rows = readonly { readonly row: Row }[];

/** Stands for everyone. */
const everyone = "00000000-0000-0000-0000-000000000000";

/**
 * What there is to notify of, counted one by one from the rows as they are: message by message, without
 * anything of how the service does it.
 */
export async function recount(
  db: Database,
  userId: UserId,
  now = new Date(),
): Promise<NotificationCounts> {
  const found = await db.snapshot(
    ...[
      ...["members", "chats", "messages", "receipts", "chat_preferences"],
      ...["mentions", "hidden_messages", "contacts", "contact_views"],
    ].map((name) =>
      new Statement<Rows[number]>(
        `select row_to_json(t) as row from ${name} t`,
      )
    ),
  ) as Rows[];
  const [members, chats, messages, receipts, preferences] = found as [
    ...[Rows, Rows, Rows, Rows, Rows],
  ];
  const [mentions, hidden, contacts, views] = found.slice(5) as [
    ...[Rows, Rows, Rows, Rows],
  ];
  const mine = (rows: Rows) =>
    rows.map(({ row }) => row).filter((row) => row.user_id === userId);
  const counts: Record<ChatId, number> = {};
  let meantInAll = 0;
  for (const member of mine(members)) {
    const chatId = member.chat_id;
    const inChat = (rows: Row[]) => rows.find((row) => row.chat_id === chatId);
    const chat = inChat(chats.map(({ row }) => row))!;
    if (member.left_at !== null || chat.deleted_at !== null) continue;
    const set = inChat(mine(preferences));
    const level = set?.notify ?? "all";
    const muted = set && set.muted_until !== null &&
      new Date(set.muted_until) > now;
    if (muted || level === "none") continue;
    const seen = Math.max(
      member.joined_seq,
      inChat(mine(receipts))?.read_seq ?? 0,
      set?.cleared_seq ?? 0,
      set?.notified_seq ?? 0,
    );
    const isHidden = (seq: number) =>
      mine(hidden).some((row) => row.chat_id === chatId && row.seq === seq);
    let [said, meant] = [0, 0];
    for (const { row } of messages) {
      if (row.chat_id !== chatId || row.seq <= seen) continue;
      said++;
      const means = mentions.some(({ row: { chat_id, seq, user_id } }) =>
        chat_id === chatId && seq === row.seq &&
        (user_id === userId || user_id === everyone)
      );
      if (means && !isHidden(row.seq)) meant++;
    }
    const count = Math.max(
      level === "all" ? said : meant,
      set?.marked_unread ? 1 : 0,
    );
    if (count > 0) counts[chatId] = count;
    meantInAll += meant;
  }
  const viewed: number = mine(views)[0]?.account_rev ?? 0;
  const contactRequests =
    mine(contacts).filter((row) =>
      row.state === "incoming" && row.account_rev > viewed
    ).length;
  return {
    total: Object.values(counts).reduce((sum, n) => sum + n, 0) +
      contactRequests,
    chats: counts,
    contactRequests,
    mentions: meantInAll,
  };
}
