import type { EraseStep } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import { inBatches } from "../db/in_batches.ts";
import { eraseHidden, eraseMentions, eraseReceipts } from "./erase_store.ts";

/**
 * Erases what only a person herself could see: what she hid, how far she read, where she was meant.
 * What she said stays, and her reactions with it, since they are the others' history.
 */
export const eraseReading =
  (db: Database): EraseStep => async (userId, signal) => {
    await inBatches(db, eraseHidden(userId), signal);
    await inBatches(db, eraseReceipts(userId), signal);
    await inBatches(db, eraseMentions(userId), signal);
  };
