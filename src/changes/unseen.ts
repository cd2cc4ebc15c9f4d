import { sql } from "../db/sql.ts";

/**
 * From which transaction on there can be changes that a reader at this moment has not seen: an
 * expression, for text. Rows that have changed since bear that id or a higher one.
 *
 * Every transaction that is not over has an id of at least the oldest running one. That alone would
 * do, were it not for crashes: ids of which nothing had reached the disk (of transactions that were
 * rolled back, say) are given out again after one, and the oldest running one of before may lie
 * beyond them. What shows has reached the disk, so no id up to the newest that shows comes back. It
 * is looked for wherever rows bear the id of their change and an index has them in that order: the
 * table's name says that the column is meant, since what is selected goes by the same name, and whole
 * tables would be sorted by its text.
 */
export const unseenFrom = sql`least(
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    1 + greatest(
      (select changed_xid::text::bigint from heads order by heads.changed_xid desc limit 1),
      (select changed_xid::text::bigint from receipts order by receipts.changed_xid desc limit 1),
      (select changed_xid::text::bigint from last_seen order by last_seen.changed_xid desc limit 1)
    )
  )::text`;
