import type { Numbers, Outcome } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { SystemContent } from "../protocol/system.ts";
import type { ChatKeyRow } from "./store.ts";

/** Tells in a group what happens to it: a message of the same fact, numbered and sealed like others. */
export interface Narration {
  /** Belongs to the command's `prepare`: without the chat's keys at hand nothing can be told. */
  prepare(): Promise<void>;
  /**
   * Takes the next `rev` and `seq`, and counts as read by who did it. So call it after the change has
   * taken its own numbers.
   */
  tell(
    numbers: Numbers,
    by: UserId,
    content: SystemContent,
  ): Pick<Outcome<unknown>, "rows" | "events">;
}

/** What is told in one chat. One that is about to be made has its first key given. */
export type Narrate = (chatId: ChatId, firstKey?: ChatKeyRow) => Narration;

/** Tells it where it is to be told; else takes no number. */
export const tellIf = (
  narration: Narration,
  isTold: boolean,
  numbers: Numbers,
  by: UserId,
  content: SystemContent,
): ReturnType<Narration["tell"]> =>
  isTold ? narration.tell(numbers, by, content) : { rows: [], events: [] };
