import type { EventOf } from "../protocol/events.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Scope } from "./scope.ts";
import { createToldReceipts } from "./told_receipts.ts";

/** Where a member's cursors stand, as the sweep finds them. */
export interface SweptReceipt {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
  /** How far others are shown that the person has read. */
  readonly shownSeq: number;
  readonly isDirect: boolean;
}

/** Tells listeners of receipts, each that is news to them. Cursors only move forward. */
export interface TellReceipts {
  /** `isPair`: the chat is of two people, who show each other what they have read, or neither does. */
  tell(
    scope: Scope,
    receipt: EventOf<"receipt.updated">,
    isPair: boolean,
  ): void;
  /** Tells of those that the sweep found moved and nobody has told of. */
  sweep(receipts: readonly SweptReceipt[]): void;
}

export function createTellReceipts(
  scopes: ReadonlyMap<string, Scope>,
): TellReceipts {
  const told = createToldReceipts();

  function find(
    scope: Scope,
    receipt: EventOf<"receipt.updated">,
    isPair: boolean,
  ) {
    const isNews = told.isNews(scope.id, receipt);
    // Noted in any case: the next sweep may find it again.
    told.note(scope.id, receipt);
    if (isNews) fanOut(scope, receipt, isPair);
  }

  return {
    tell(scope, receipt, isPair) {
      // Whatever comes late or twice must not undo what was noted.
      if (!told.isNews(scope.id, receipt)) return;
      told.note(scope.id, receipt);
      fanOut(scope, receipt, isPair);
    },
    sweep(receipts) {
      told.age();
      for (const { shownSeq, isDirect, ...receipt } of receipts) {
        const type = "receipt.updated";
        const chat = scopes.get(receipt.chatId);
        if (chat) find(chat, { type, ...receipt, readSeq: shownSeq }, isDirect);
        const account = scopes.get(receipt.userId);
        const isHidden = shownSeq < receipt.readSeq;
        if (account && isHidden) find(account, { type, ...receipt }, isDirect);
      }
    },
  };
}

/**
 * In a group, whoever hides there what she has read does not see it of others either. Of two people
 * that is settled where the receipt comes from.
 */
function fanOut(
  { id, isAccount, listeners }: Scope,
  receipt: EventOf<"receipt.updated">,
  isPair: boolean,
) {
  if (listeners.size === 0) return;
  const open = JSON.stringify(receipt);
  // This one moves nothing but what was delivered.
  const closed = JSON.stringify({ ...receipt, readSeq: 0 });
  for (const listener of listeners.keys()) {
    const isClosed = listener.hidesReads && !isAccount && !isPair &&
      listener.userId !== receipt.userId;
    listener.deliver(id, undefined, isClosed ? closed : open);
  }
}
