import type { EraseStep } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import { inBatches } from "../db/in_batches.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Contacts } from "./mod.ts";
import { eraseContacts, eraseView, relatedTo } from "./store.ts";

/** People who lose the contact at the same time. */
const forgottenAtOnce = 16;

/**
 * Takes a person whose account was deleted off everybody's lists, with one command each, so that they
 * hear of it and what is done stays done; then erases the person's own.
 */
export const forgetContacts = (
  { db, contacts }: {
    readonly db: Database;
    readonly contacts: Pick<Contacts, "forget">;
  },
): EraseStep =>
async (userId, signal) => {
  for (;;) {
    signal.throwIfAborted();
    const [related]: [{ peerId: UserId }[]] = await db.run(
      relatedTo(userId, forgottenAtOnce),
    );
    if (related.length === 0) break;
    await Promise.all(
      related.map(({ peerId }) => contacts.forget(userId, peerId)),
    );
  }
  await inBatches(db, eraseContacts(userId), signal);
  await db.run(eraseView(userId));
};
