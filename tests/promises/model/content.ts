import type {
  Content,
  MessageContent,
} from "../../../src/protocol/messages.ts";
import { text } from "../../support/say.ts";

/** A poll in these runs: always between the same options. */
export interface PollKind {
  readonly anonymous: boolean;
  readonly multiple: boolean;
}

export const pollOptions = ["yes", "no", "maybe"] as const;

/** What a wish to send says: a text, or the question of a poll. */
export const contentOf = (
  wish: { readonly text: string; readonly poll?: PollKind },
): Content => {
  if (!wish.poll) return text(wish.text);
  const { anonymous, multiple } = wish.poll;
  const options = [...pollOptions];
  return { type: "poll", question: wish.text, options, anonymous, multiple };
};

/** A content as one string, to be compared; null of none. */
export const wordsOf = (content: MessageContent | null): string | null =>
  content === null || content.type === "text"
    ? content && content.text
    : JSON.stringify(content);

/** Ids of polls begin so, that those who vote find them among the others. */
const mark = "90110000";

export const newPollId = () => mark + crypto.randomUUID().slice(mark.length);

export const isPollId = (messageId: string) => messageId.startsWith(mark);
