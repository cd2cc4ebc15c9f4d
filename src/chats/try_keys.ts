import { unwrapDataKey } from "../crypto/data_keys.ts";
import type { MasterKeys } from "../crypto/master_keys.ts";
import type { Database } from "../db/database.ts";
import { oneKeyEach } from "./key_store.ts";

/**
 * Tries the master keys on one data key that each of them has wrapped. Rejects with a sentence for the
 * operator, who is told at the start instead of by the first message that does not open.
 */
export async function tryKeys(
  db: Database,
  masterKeys: MasterKeys,
): Promise<void> {
  const [keys] = await db.run(oneKeyEach());
  for (const key of keys) {
    try {
      await unwrapDataKey(masterKeys, key);
    } catch (cause) {
      throw new Error(
        `MASTER_KEYS does not fit this database: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}
