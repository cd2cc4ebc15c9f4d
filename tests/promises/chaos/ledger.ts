import type { Answered } from "../model/perform.ts";
import type { Operation } from "../model/operation.ts";

/** What was asked for and what came of it, so far as those who asked were told. */
export interface Asked {
  readonly by: string;
  readonly wish: Operation;
  /** undefined where the last word was never heard. */
  answered: Answered | undefined;
  /** Whether an answer was missed on the way: it may have happened more often than was answered. */
  isUncertain: boolean;
}

/** Everything that was asked for in each chat. */
export class Ledger {
  readonly #chats = new Map<string, Asked[]>();

  of(chatId: string): readonly Asked[] {
    return this.#chats.get(chatId) ?? [];
  }

  note(chatId: string, by: string, wish: Operation): Asked {
    const asked: Asked = { by, wish, answered: undefined, isUncertain: false };
    const all = this.#chats.get(chatId);
    if (all) all.push(asked);
    else this.#chats.set(chatId, [asked]);
    return asked;
  }

  forget(chatId: string): void {
    this.#chats.delete(chatId);
  }
}
