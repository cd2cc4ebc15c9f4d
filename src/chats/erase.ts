import type { EraseStep } from "../accounts/mod.ts";
import type { Changes } from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import { inBatches } from "../db/in_batches.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { endRequest } from "./answer_request.ts";
import { eraseBansOf } from "./ban_store.ts";
import { waitsOf } from "./invite_store.ts";

/** Requests withdrawn at the same time: a few batches of the spine, in which there is room for others. */
const endedAtOnce = 16;

interface EraseJoiningParts {
  readonly db: Database;
  readonly changes: Changes;
}

/** Erases where a person waited to be let in, and where she cannot come in. */
export const eraseJoining =
  ({ db, changes }: EraseJoiningParts): EraseStep => async (userId, signal) => {
    let after: ChatId | null = null;
    do {
      signal.throwIfAborted();
      const [page]: [{ chatId: ChatId }[]] = await db.run(
        waitsOf(userId, after, endedAtOnce),
      );
      await Promise.all(
        page.map(({ chatId }) => withdraw(changes, chatId, userId)),
      );
      after = page.at(-1)?.chatId ?? null;
    } while (after !== null);
    await inBatches(db, eraseBansOf(userId), signal);
  };

async function withdraw(changes: Changes, chatId: ChatId, userId: UserId) {
  try {
    await changes.submit(endRequest(chatId, userId, userId));
  } catch (error) {
    // Somebody has answered it meanwhile.
    if (!(error instanceof Problem && error.code === "not_found")) throw error;
  }
}
