import type { Line, Person } from "../support/peer.ts";
import { accepted } from "../support/answers.ts";
import type { Event } from "../../src/protocol/events.ts";
import type { ReplyData } from "../../src/protocol/frames.ts";
import type { ChatId, MessageId } from "../../src/protocol/ids.ts";
import type { History, Message } from "../../src/protocol/messages.ts";

/** The content of a text message. */
export const said = (text: string) => ({ type: "text" as const, text });

export type Sent = Message & { duplicate?: boolean };

export const newId = () => crypto.randomUUID() as MessageId;

/** Sends over HTTP and answers with the message. */
export const send = async (
  by: Person,
  chatId: ChatId,
  text = "Hello",
  more: { messageId?: MessageId; replyTo?: MessageId } = {},
): Promise<Sent> =>
  accepted(
    await by.call<Sent>("POST", `/chats/${chatId}/messages`, {
      content: said(text),
      ...more,
    }),
  );

/** Says hello to somebody, or to everyone, by name. */
export const mention = async (
  by: Person,
  chatId: ChatId,
  whom: Pick<Person, "userId"> | "everyone",
): Promise<Sent> => {
  const who = whom === "everyone"
    ? { everyone: true }
    : { userId: whom.userId };
  const entities = [{ type: "mention", offset: 6, length: 4, ...who }];
  const content = { ...said("Hello @you"), entities };
  return accepted(
    await by.call<Sent>("POST", `/chats/${chatId}/messages`, { content }),
  );
};

/** Sends many, one after the other, so that their order is known. */
export async function sendAll(
  by: Person,
  chatId: ChatId,
  ...texts: string[]
): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (const text of texts) sent.push(await send(by, chatId, text));
  return sent;
}

export const at = ({ chatId, messageId }: Message, rest = "") =>
  `/chats/${chatId}/messages/${messageId}${rest}`;

export const read = async (by: Person, message: Message): Promise<Message> =>
  accepted(await by.call<Message>("GET", at(message)));

export const history = async (
  by: Person,
  chatId: ChatId,
  query = "",
): Promise<History> =>
  accepted(await by.call<History>("GET", `/chats/${chatId}/messages${query}`));

/** The answer to a request over the socket; fails where it was refused. */
export async function asked<
  T extends "send" | "edit" | "delete" | "react" | "vote" | "closePoll",
>(
  line: Line,
  frame: { type: T; [field: string]: unknown },
): Promise<ReplyData<T>> {
  const reply = await line.ask(frame);
  if (!reply.ok) throw new Error(JSON.stringify(reply.error));
  return reply.data as ReplyData<T>;
}

/** What a line has heard of one chat, in order. Ask it something first, so that all is there. */
export const heardOf = ({ events }: Line, chatId: ChatId): Event[] =>
  events.filter((event) => "chatId" in event && event.chatId === chatId);
