import type { EventOf } from "../protocol/events.ts";

type Receipt = Omit<EventOf<"receipt.updated">, "type">;

/**
 * Which receipts went out to this isolate's listeners lately, in each chat and to each account. They
 * take no `rev` that would tell, and the sweep finds every one that has moved, told or not.
 */
export interface ToldReceipts {
  note(scopeId: string, receipt: Receipt): void;
  /** Whether a listener would learn something from it. */
  isNews(scopeId: string, receipt: Receipt): boolean;
  /** Forgets those noted before the last call: no sweep brings them again, or it does no harm. */
  age(): void;
}

export function createToldReceipts(): ToldReceipts {
  let recent = new Map<string, Receipt>();
  let older = new Map<string, Receipt>();
  const idOf = (scopeId: string, { chatId, userId }: Receipt) =>
    `${scopeId}/${chatId}/${userId}`;

  return {
    note(scopeId, receipt) {
      recent.set(idOf(scopeId, receipt), receipt);
    },
    isNews(scopeId, receipt) {
      const id = idOf(scopeId, receipt);
      const told = recent.get(id) ?? older.get(id);
      return !told || receipt.readSeq > told.readSeq ||
        receipt.deliveredSeq > told.deliveredSeq;
    },
    age() {
      older = recent;
      recent = new Map();
    },
  };
}
