import type { EraseStep } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import { eraseConnections, eraseLastSeen } from "./store.ts";

/** Forgets when a person was here, and where she was connected. */
export const erasePresence = (db: Database): EraseStep => async (userId) => {
  await db.run(eraseLastSeen(userId), eraseConnections(userId));
};
