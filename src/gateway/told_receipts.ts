import type { EventOf } from "../protocol/events.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";

/** Where a member's cursors stand, as the sweep finds them. */
export interface SweptReceipt {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

type Receipt = Omit<EventOf<"receipt.updated">, "type">;

/**
 * Which receipts went out to this isolate's listeners lately. They take no `rev` that would tell, and
 * the sweep finds every one that has moved, told or not.
 */
export interface ToldReceipts {
  note(receipt: Receipt): void;
  /** Whether a listener would learn something from it. */
  isNews(receipt: Receipt): boolean;
  /** Forgets those noted before the last call: no sweep brings them again, or it does no harm. */
  age(): void;
}

export function createToldReceipts(): ToldReceipts {
  let recent = new Map<string, Receipt>();
  let older = new Map<string, Receipt>();
  const idOf = ({ chatId, userId }: Receipt) => `${chatId}/${userId}`;

  return {
    note(receipt) {
      recent.set(idOf(receipt), receipt);
    },
    isNews(receipt) {
      const told = recent.get(idOf(receipt)) ?? older.get(idOf(receipt));
      return !told || receipt.readSeq > told.readSeq ||
        receipt.deliveredSeq > told.deliveredSeq;
    },
    age() {
      older = recent;
      recent = new Map();
    },
  };
}
