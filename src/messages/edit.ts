import {
  forbidden,
  mayTouchPost,
  refuseToSpeak,
  refuseToWrite,
} from "../chats/mod.ts";
import { type Command, put, reads } from "../changes/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import type { RevReply } from "../protocol/frames.ts";
import type { Content } from "../protocol/messages.ts";
import { Problem } from "../protocol/problem.ts";
import {
  alreadyDeleted,
  changeMessage,
  isSystem,
  type Target,
} from "./change.ts";
import { earlierContents } from "./edit_store.ts";
import {
  mentionsOfChanged,
  readsOfMentions,
  withAllowedMentions,
} from "./mentions.ts";
import { bytesOf, type SealContent } from "./send.ts";
import type { MessageRow, MessageTable, Opened } from "./store.ts";

/**
 * A sender says it differently, while she may say anything there at all: only the pause that slow mode
 * wants between two messages does not count, since an edit makes none.
 */
export function editMessage(
  messages: MessageTable,
  sealing: SealContent,
  target: Target,
  content: Content,
): Command<RevReply> {
  const { chatId, messageId } = target;
  let seal: (said: Opened) => Sealed;
  const command = changeMessage(messages, target, (message, access, state) => {
    if (
      message.senderId !== target.by ||
      !mayTouchPost(access, message.postedAs)
    ) {
      return forbidden("Only its sender may edit a message");
    }
    if (message.deletedAt !== null) return alreadyDeleted();
    if (isSystem(message)) return forbidden("What the service tells stays so");
    const refusal = refuseBlocked(state, chatId) ?? refuseToWrite(access) ??
      refuseToSpeak(access, answeredBy(message));
    if (refusal) return refusal;
    if (message.content?.type === "poll" || content.type === "poll") {
      return new Problem("conflict", {
        detail: "A poll stays as it is, and nothing becomes one",
      });
    }
    if (message.forwardedFrom !== null) {
      return new Problem("conflict", {
        detail: "What was forwarded is another's, and stays as it is",
      });
    }
    const said = {
      content: withAllowedMentions(content, state, access),
      forwardedFrom: null,
    };
    return {
      change: "edited",
      row: (now) => ({ ...message, ...said, ...seal(said), editedAt: now }),
      rows: [
        mentionsOfChanged(message, said.content),
        put(earlierContents, {
          ...message,
          sealed: message.sealed!,
          writtenAt: message.editedAt ?? message.createdAt,
        }),
      ],
    };
  }, [reads(blockedChats, [target]), ...readsOfMentions(chatId, content)]);
  return {
    ...command,
    bytes: bytesOf(content),
    prepare: async () => {
      seal = await sealing(chatId, messageId);
    },
  };
}

/** What stands in a channel and is no post is a comment, and answers one. */
const answeredBy = ({ postedAs }: MessageRow) =>
  postedAs === null ? { postedAs: "channel" } as const : undefined;
