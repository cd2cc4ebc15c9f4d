import { put } from "../changes/mod.ts";
import type { Narrate } from "../chats/mod.ts";
import type { Sealer, SealNow } from "../crypto/sealer.ts";
import type { MessageId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { makeMessage } from "./make_message.ts";
import { receipts } from "./receipt_store.ts";
import type { MessageTable } from "./store.ts";

export interface NarrateParts {
  readonly messages: MessageTable;
  readonly sealer: Pick<Sealer, "sealingIn">;
  newId(): string;
}

/** What happens to a group becomes a message of it, in the fact of the change itself. */
export const createNarrate =
  ({ messages, sealer, newId }: NarrateParts): Narrate =>
  (
    chatId,
    firstKey,
  ) => {
    let seal: SealNow | undefined;
    return {
      async prepare() {
        try {
          seal = await sealer.sealingIn(chatId, firstKey);
        } catch (error) {
          if (!(error instanceof Problem && error.code === "not_found")) {
            throw error;
          }
        }
      },
      tell(numbers, by, content) {
        // Where there is no key nobody reads, and nobody is kept from leaving.
        if (!seal) return { rows: [], events: [] };
        const messageId = newId() as MessageId;
        const { row: { seq }, rows, event } = makeMessage(messages, numbers, {
          chatId,
          messageId,
          senderId: by,
          content,
          forwardedFrom: null,
          ...seal(messageId, JSON.stringify(content)),
        });
        return {
          rows: [
            ...rows,
            // Nobody is told as unread what she did herself; who left reads no more.
            ...(content.event === "memberLeft" ? [] : [
              put(receipts, {
                chatId,
                userId: by,
                deliveredSeq: seq,
                readSeq: seq,
              }),
            ]),
          ],
          events: [event],
        };
      },
    };
  };
