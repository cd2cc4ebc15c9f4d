import type { Event, EventOf } from "../../src/protocol/events.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import type { BroadcastMessage, Message } from "../../src/protocol/messages.ts";
import { type ChatPicture, moveReceipt } from "./fresh_read.ts";

/** An event that takes its chat to the next rev. */
export type Counted = Extract<Event, { chatId: ChatId; rev: number }>;

/** Applies the event that is exactly the next one, as `me` sees it. */
export function applyEvent(
  picture: ChatPicture,
  event: Counted,
  me: UserId,
): void {
  picture.rev = event.rev;
  const { messages, members } = picture;
  switch (event.type) {
    case "message.created":
      return created(picture, event);
    case "message.updated": {
      // One that is not there was hidden by the person.
      const known = messages.get(event.message.seq);
      if (known) messages.set(known.seq, updated(known, event, me));
      return;
    }
    case "chat.updated":
      picture.chat = event.chat;
      return;
    case "member.updated":
      members.set(event.member.userId, event.member);
      return;
    case "member.joined":
    case "member.left":
      members.set(event.member.userId, event.member);
      picture.chat = { ...picture.chat!, memberCount: event.memberCount };
  }
}

function created(
  picture: ChatPicture,
  { message, rev }: EventOf<"message.created">,
): void {
  const { seq, senderId: userId, replyTo } = message;
  const target = replyTo && picture.messages.get(replyTo.seq);
  if (target) {
    const replyCount = target.replyCount + 1;
    picture.messages.set(target.seq, { ...target, rev, replyCount });
  }
  picture.messages.set(seq, personal(message, new Set()));
  moveReceipt(picture, { userId, deliveredSeq: seq, readSeq: seq });
}

function updated(
  known: Message,
  { message, change, userId, emoji }: EventOf<"message.updated">,
  me: UserId,
): Message {
  const mine = new Set(
    known.reactions.flatMap((one) => one.mine ? [one.emoji] : []),
  );
  if (userId === me && change === "reacted") mine.add(emoji!);
  if (userId === me && change === "unreacted") mine.delete(emoji!);
  return personal(message, mine, known.poll?.mine);
}

const personal = (
  message: BroadcastMessage,
  mine: ReadonlySet<string>,
  choice: number[] = [],
): Message => ({
  ...message,
  poll: message.poll && { ...message.poll, mine: choice },
  reactions: message.reactions.map((reaction) => ({
    ...reaction,
    mine: mine.has(reaction.emoji),
  })),
});
