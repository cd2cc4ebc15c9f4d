import type { Announce, Announced, Changes } from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import { createBatcher } from "../lib/batcher.ts";
import { clearMark } from "../preferences/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import {
  type AdvancedReceipt,
  advanceReceipts,
  type ReceiptRow,
} from "./receipt_store.ts";

/**
 * Moves a member's cursors forward. They take no `rev`, so they go beside the spine: one upsert for
 * all that gathered, in which a cursor only grows. What has been read has been delivered. Reading takes
 * a mark away that was set by hand, also where the cursor stands already.
 * Rejects with `not_found` for a chat that the caller is not in.
 */
export type AdvanceReceipt = (
  chatId: ChatId,
  userId: UserId,
  to: { readonly deliveredSeq?: number; readonly readSeq?: number },
) => Promise<void>;

export function createReceipts(
  db: Database,
  announce: Announce,
  changes: Changes,
): AdvanceReceipt {
  const advance = createBatcher<ReceiptRow, AdvancedReceipt | undefined>(
    async (wishes) => {
      const [advanced] = await db.run(advanceReceipts(merge(wishes)));
      announce(advanced.filter(({ moved }) => moved).flatMap(receiptUpdated));
      const byMember = new Map(
        advanced.map((receipt) => [id(receipt), receipt]),
      );
      return wishes.map((wish) => byMember.get(id(wish)));
    },
    {
      batchSize: 500,
      waiting: 10_000,
      refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
    },
  );

  return async (chatId, userId, { deliveredSeq = 0, readSeq }) => {
    const advanced = await advance({
      chatId,
      userId,
      readSeq: readSeq ?? 0,
      deliveredSeq: Math.max(deliveredSeq, readSeq ?? 0),
    });
    if (!advanced) throw new Problem("not_found");
    if (advanced.marked && readSeq !== undefined) {
      await changes.submit(clearMark({ userId, chatId }));
    }
  };
}

const id = ({ chatId, userId }: ReceiptRow) => `${chatId}/${userId}`;

/** One row a member: a statement may touch no row twice. */
function merge(wishes: readonly ReceiptRow[]): ReceiptRow[] {
  const merged = new Map<string, ReceiptRow>();
  for (const wish of wishes) {
    const before = merged.get(id(wish)) ?? wish;
    merged.set(id(wish), {
      ...wish,
      deliveredSeq: Math.max(before.deliveredSeq, wish.deliveredSeq),
      readSeq: Math.max(before.readSeq, wish.readSeq),
    });
  }
  return [...merged.values()];
}

/**
 * What a step is told as. Where everyone's every step would drown the messages, in channels and large
 * groups, the other devices of the person alone are told. They also are where others are not shown how
 * far she has read: those hear what was delivered.
 */
export function receiptUpdated(
  { chatId, userId, deliveredSeq, readSeq, shownSeq, isTold, isDirect }: Omit<
    AdvancedReceipt,
    "moved" | "marked"
  >,
): Announced[] {
  const event = (readSeq: number) =>
    ({
      type: "receipt.updated",
      chatId,
      userId,
      deliveredSeq,
      readSeq,
    }) as const;
  const own: Announced = { account: userId, event: event(readSeq) };
  if (!isTold) return [own];
  const pair = isDirect ? { pair: true } as const : {};
  const all: Announced = { chat: chatId, event: event(shownSeq), ...pair };
  return shownSeq === readSeq ? [all] : [all, own];
}
