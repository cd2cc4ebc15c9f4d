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
/** The first welcome may bring thousands of chats: 200 a second leave room for everything else. */
const chatsAtOnce = 50;

export function createAcks(clock: Clock, connection: Connection): Acks {
  const told = new Map<ChatId, number>();
  const due = new Map<ChatId, number>();
  let cancel: (() => void) | undefined;

  function flush() {
    const batch = [...due].slice(0, chatsAtOnce);
    for (const [chatId, seq] of batch) {
      due.delete(chatId);
      told.set(chatId, seq);
      void tell(chatId, seq).catch(() => {
        // The next change of the chat, or the next welcome, brings another.
        if (told.get(chatId) === seq) told.delete(chatId);
      });
    }
    cancel = due.size > 0 ? clock.after(everyMs, flush) : undefined;
  }

  async function tell(chatId: ChatId, seq: number) {
    await connection.link?.request({ type: "delivered", chatId, seq });
  }

  return {
    consider({ chatId, chat, lastSeq, deliveredSeq }) {
      // There nobody is told what was delivered.
      if (chat?.kind === "channel") return;
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
