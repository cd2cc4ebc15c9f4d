import type { EraseStep } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import { inBatches } from "../db/in_batches.ts";
import { eraseBansOf } from "./ban_store.ts";
import { eraseWaits } from "./invite_store.ts";

/** Erases where a person waited to be let in, and where she cannot come in. */
export const eraseJoining =
  (db: Database): EraseStep => async (userId, signal) => {
    await inBatches(db, eraseWaits(userId), signal);
    await inBatches(db, eraseBansOf(userId), signal);
  };
