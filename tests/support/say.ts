import type { ReplyFrame, SendReply } from "../../src/protocol/frames.ts";
import type { Content, MessageContent } from "../../src/protocol/messages.ts";
import type { ProblemCode } from "../../src/protocol/problem.ts";
import type { Line } from "./peer.ts";

export const text = (text: string): Content => ({ type: "text", text });

/** The words of a text; null where there are none. */
export const textIn = (content: MessageContent | null): string | null =>
  content?.type === "text" ? content.text : null;

/** Sends a text over a line and resolves with its place; rejects with the problem of a refusal. */
export const say = (
  line: Pick<Line, "ask">,
  chatId: string,
  said: string,
  messageId: string = crypto.randomUUID(),
): Promise<SendReply> =>
  granted(
    line.ask({ type: "send", chatId, messageId, content: text(said) }),
  );

/** What a request was answered with; rejects where it was refused. */
export async function granted<Data>(reply: Promise<ReplyFrame>): Promise<Data> {
  const answer = await reply;
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.data as Data;
}

/** The code that a request was refused with; undefined where it was granted. */
export async function refusal(
  reply: Promise<ReplyFrame>,
): Promise<ProblemCode | undefined> {
  const answer = await reply;
  return answer.ok ? undefined : answer.error.code;
}
