import type { EventOf } from "../protocol/events.ts";
import type { UserId } from "../protocol/ids.ts";
import type { BroadcastMessage, Message } from "../protocol/messages.ts";
import type { Changes } from "../protocol/sync.ts";
import {
  type ChatState,
  counted,
  withLastSeq,
  withMembers,
  withReceipt,
} from "./chat_state.ts";
import { messageAt, withMessages } from "./message_window.ts";

/** The events that count a chat's changes one by one. */
export type ChatEvent = EventOf<
  | "message.created"
  | "message.updated"
  | "chat.updated"
  | "chat.advanced"
  | "member.joined"
  | "member.updated"
  | "member.left"
>;

/** The state after the event that is exactly the next one. */
export function applyEvent(
  before: ChatState,
  event: ChatEvent,
  me: UserId,
): ChatState {
  const state = { ...before, rev: event.rev };
  switch (event.type) {
    case "message.created":
      return created(state, event, me);
    case "message.updated":
      return updated(state, event, me);
    case "chat.updated":
      return { ...state, chat: event.chat };
    case "chat.advanced":
      return state;
    case "member.updated":
      return withMembers(state, [event.member], me);
    case "member.joined":
    case "member.left": {
      const { memberCount } = event;
      const chat = state.chat && { ...state.chat, memberCount };
      return withMembers({ ...state, chat }, [event.member], me);
    }
  }
}

/** The state after a page of changes, some of which it may have already. */
export function applyChanges(
  before: ChatState,
  page: Changes,
  me: UserId,
): ChatState {
  const lastSeq = page.messages.reduce(
    (last, { seq }) => Math.max(last, seq),
    before.lastSeq,
  );
  let state: ChatState = {
    ...before,
    rev: Math.max(before.rev, page.to),
    lastSeq,
    chat: page.chat ?? before.chat,
  };
  state = withMessages(state, page.messages);
  state = withMembers(state, page.members, me);
  for (const receipt of page.receipts) state = withReceipt(state, receipt, me);
  return counted(state);
}

function created(
  before: ChatState,
  { message, rev }: EventOf<"message.created">,
  me: UserId,
): ChatState {
  const { seq, senderId, replyTo } = message;
  let state = withLastSeq(before, seq);
  const target = replyTo && messageAt(state, replyTo.seq);
  if (target) {
    const answered = { ...target, rev, replyCount: target.replyCount + 1 };
    state = withMessages(state, [answered]);
  }
  state = withMessages(state, [newlySaid(message)]);
  // A post of the channel itself: how far its author has read is told to that one alone.
  if (senderId as string === message.chatId) return counted(state);
  // Whoever sends has seen what came before.
  const receipt = { userId: senderId, deliveredSeq: seq, readSeq: seq };
  return counted(withReceipt(state, receipt, me));
}

/** Only what is within the window: a message that is not there was never loaded, or is hidden. */
function updated(
  state: ChatState,
  { message, change, userId, emoji }: EventOf<"message.updated">,
  me: UserId,
): ChatState {
  const known = messageAt(state, message.seq);
  if (!known) return state;
  const mine = new Set(
    known.reactions.filter((r) => r.mine).map((r) => r.emoji),
  );
  if (userId === me && emoji !== undefined) {
    if (change === "reacted") mine.add(emoji);
    if (change === "unreacted") mine.delete(emoji);
  }
  return withMessages(state, [
    personal(message, [...mine], known.poll?.mine ?? []),
  ]);
}

/** A message that nobody has done anything to yet. */
export const newlySaid = (message: BroadcastMessage): Message =>
  personal(message, [], []);

/** What is the same for everyone, as one member sees it. */
function personal(
  message: BroadcastMessage,
  mine: readonly string[],
  choice: number[],
): Message {
  const reactions = message.reactions.map((reaction) => ({
    ...reaction,
    mine: mine.includes(reaction.emoji),
  }));
  const poll = message.poll && { ...message.poll, mine: choice };
  return { ...message, reactions, poll };
}
