import { rewrapDataKey } from "../crypto/data_keys.ts";
import type { MasterKeys } from "../crypto/master_keys.ts";
import type { Database } from "../db/database.ts";
import type { ChatId } from "../protocol/ids.ts";
import {
  firstPlace,
  keyCensus,
  type KeyPlace,
  keysNotUnder,
  rewrap,
} from "./key_store.ts";
import type { ChatKeyRow } from "./store.ts";

/** How many data keys each master key wraps, by the id of the master key. */
export async function countKeys(db: Database): Promise<Map<string, number>> {
  const [rows] = await db.run(keyCensus());
  return new Map(rows.map(({ masterKeyId, count }) => [masterKeyId, count]));
}

export interface Rotation {
  readonly rewrapped: number;
  /** Chats with a data key that did not open, and why; it stays as it was. */
  readonly failed: readonly { chatId: ChatId; reason: string }[];
}

/**
 * Wraps every data key with the current master key. Messages stay as they are and open all the time,
 * so the service may go on meanwhile. It works through pages and may be stopped and started again.
 */
export async function rotateKeys(
  db: Database,
  masterKeys: MasterKeys,
  pageSize = 500,
): Promise<Rotation> {
  const failed: { chatId: ChatId; reason: string }[] = [];
  let rewrapped = 0;
  let after: KeyPlace | undefined = firstPlace;
  while (after) {
    const [page]: [ChatKeyRow[]] = await db.run(
      keysNotUnder(masterKeys.current, after, pageSize),
    );
    const done = await Promise.all(
      page.map((key) =>
        rewrapDataKey(masterKeys, key).catch((error: Error) => {
          failed.push({ chatId: key.chatId, reason: error.message });
          return undefined;
        })
      ),
    );
    const fresh = done.filter((key) => key !== undefined);
    await db.run(rewrap(fresh));
    rewrapped += fresh.length;
    after = page.at(-1);
  }
  return { rewrapped, failed };
}
