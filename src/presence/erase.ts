import type { EraseStep } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import { eraseLastSeen } from "./store.ts";

/** Forgets when a person was here. */
export const erasePresence = (db: Database): EraseStep => async (userId) => {
  await db.run(eraseLastSeen(userId));
};
