import type { Database } from "./database.ts";
import type { Statement } from "./sql.ts";

/** Rows that one statement erases. */
export const erasedAtOnce = 1000;

/**
 * Runs a statement that takes away a bounded number of rows, and answers with how many it was, until
 * there are none: no transaction is longer for there being many.
 */
export async function inBatches(
  db: Database,
  erase: Statement<{ erased: number }>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const [[batch]] = await db.run(erase);
    if (batch!.erased === 0) return;
  }
}
