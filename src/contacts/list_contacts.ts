import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Contact, ContactList } from "../protocol/contacts.ts";
import { UserId } from "../protocol/ids.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { contactOf } from "./shape.ts";
import { contactPage } from "./store.ts";

/** One of the account's lists, the newest first. */
export async function listContacts(
  db: Database,
  by: UserId,
  { state, cursor, limit }: ListQuery & { readonly state: ContactList },
): Promise<List<Contact>> {
  const after = cursor === undefined ? null : readTimeCursor(cursor, UserId);
  const [rows] = await db.run(contactPage(by, state, after, limit + 1));
  return paged(
    rows.map(contactOf),
    limit,
    ({ since, userId }) => writeTimeCursor({ at: since, id: userId }),
  );
}
