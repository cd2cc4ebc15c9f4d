import { userOf } from "../accounts/mod.ts";
import type {
  Contact,
  ContactState,
  Relationship,
} from "../protocol/contacts.ts";
import type { ShownContact } from "./store.ts";

/** A stored contact as its owner sees it. */
export const contactOf = (row: ShownContact): Contact => ({
  userId: row.peerId,
  state: row.state,
  since: row.since.toISOString(),
  viewed: row.state !== "incoming" || row.accountRev <= row.viewedRev,
  accountRev: row.accountRev,
  user: userOf({ ...row, userId: row.peerId }),
});

export const relationshipOf = (state: ContactState): Relationship =>
  state === "accepted" ? "contact" : state;
