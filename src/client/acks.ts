import type { ChatId } from "../protocol/ids.ts";
import type { ChatState } from "./chat_state.ts";
import type { Clock } from "./clock.ts";
import type { Connection } from "./connection.ts";

/** Tells the service what has been delivered to this device. */
export interface Acks {
  consider(state: ChatState): void;
  /** What was acknowledged on a lost connection may not have arrived. */
  down(): void;
}

/** One acknowledgement stands for all before it, so they are gathered. */
const everyMs = 250;

export function createAcks(clock: Clock, connection: Connection): Acks {
  const told = new Map<ChatId, number>();
  const due = new Map<ChatId, number>();
  let cancel: (() => void) | undefined;

  function flush() {
    cancel = undefined;
    for (const [chatId, seq] of due) {
      told.set(chatId, seq);
      void tell(chatId, seq).catch(() => {
        // The next change of the chat, or the next welcome, brings another.
        if (told.get(chatId) === seq) told.delete(chatId);
      });
    }
    due.clear();
  }

  async function tell(chatId: ChatId, seq: number) {
    await connection.link?.request({ type: "delivered", chatId, seq });
  }

  return {
    consider({ chatId, lastSeq, deliveredSeq }) {
      if (lastSeq <= Math.max(deliveredSeq, told.get(chatId) ?? 0)) return;
      due.set(chatId, lastSeq);
      cancel ??= clock.after(everyMs, flush);
    },
    down() {
      cancel?.();
      cancel = undefined;
      due.clear();
      told.clear();
    },
  };
}
