import type { ChatState } from "../client/mod.ts";
import type { ChatId } from "../protocol/ids.ts";
import type { Message } from "../protocol/messages.ts";
import type { Person } from "./person.ts";

/** Where somebody talks, and what ends it early. */
export interface Talk {
  readonly chatId: ChatId;
  readonly signal: AbortSignal;
}

/** Sends, and waits until the other one has it. */
export async function say(
  from: Person,
  to: Person,
  text: string,
  talk: Talk,
): Promise<void> {
  const came = to.next(
    "message",
    ({ chatId, isLive }) => isLive && chatId === talk.chatId,
  );
  await alone(from, text, talk);
  const { message } = await came;
  line(to.name, `receives ${quoted(message)}`, "live");
}

export async function alone(
  from: Person,
  text: string,
  { chatId, signal }: Talk,
): Promise<void> {
  const reply = await from.client.send(chatId, text, { signal });
  line(from.name, `sends "${text}"`, `stored as message ${reply.seq}`);
}

/** Resolves once the person's client has the chat at that rev. */
export async function caughtUp(
  person: Person,
  chatId: ChatId,
  rev: number,
): Promise<void> {
  const isThere = () => (person.client.chatState(chatId)?.rev ?? 0) >= rev;
  if (!isThere()) await person.next("change", isThere);
}

export const stateOf = ({ client }: Person, chatId: ChatId): ChatState =>
  client.chatState(chatId)!;

export const textOf = ({ content }: Message): string => {
  if (content === null) return "(deleted)";
  return content.type === "system"
    ? content.event
    : content.type === "poll"
    ? content.question
    : content.text;
};
export const quoted = (message: Message): string => `"${textOf(message)}"`;

/** Ends the demo where the service does not keep what was promised. */
export function check(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}

let acts = 0;
export const act = (title: string, why: string): void =>
  console.log(`\n${++acts}. ${title}\n   ${why}\n`);
export const line = (who: string, what: string, note: string): void =>
  console.log(`   ${who.padEnd(5)} ${what.padEnd(44)} ${note}`.trimEnd());
