import type { EraseStep } from "../accounts/mod.ts";
import { type Changes, retryStale } from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { Narrate } from "./narration.ts";
import { removeMember } from "./remove_member.ts";
import { chatsOf, heirsOf } from "./store.ts";

/** Chats left at the same time: a few batches of the spine, in which there is room for others. */
const leftAtOnce = 16;

interface LeaveChatsParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly narrate: Narrate;
}

/**
 * Takes a person whose account was deleted out of all chats, direct ones too, with one command each, so
 * that what is done stays done. Groups are inherited, and what nobody is left in ends.
 */
export const leaveChats =
  (parts: LeaveChatsParts): EraseStep => async (userId, signal) => {
    let after: ChatId | null = null;
    do {
      signal.throwIfAborted();
      const [page]: [{ chatId: ChatId }[]] = await parts.db.run(
        chatsOf(userId, after, leftAtOnce),
      );
      await Promise.all(
        page.map(({ chatId }) => depart(parts, chatId, userId)),
      );
      after = page.at(-1)?.chatId ?? null;
    } while (after !== null);
  };

async function depart(
  { db, changes, narrate }: LeaveChatsParts,
  chatId: ChatId,
  userId: UserId,
): Promise<void> {
  const options = { departs: true };
  try {
    // Who inherits is read before the lock, and may have left by then.
    await retryStale(async () => {
      const [heirs] = await db.run(heirsOf(chatId, userId));
      await changes.submit(
        removeMember(narrate(chatId), chatId, userId, userId, heirs, options),
      );
    });
  } catch (error) {
    // Somebody was faster, or the chat has ended.
    if (error instanceof Problem && error.code === "not_found") return;
    throw error;
  }
}
