import type { History, Message } from "../protocol/messages.ts";
import type { ChatState } from "./chat_state.ts";

/** The message with that `seq`, if it is within what is known. */
export function messageAt(state: ChatState, seq: number): Message | undefined {
  const { messages } = state;
  // Where nothing was hidden, the place follows from the number.
  const guess = messages[seq - (messages[0]?.seq ?? 0)];
  return guess?.seq === seq ? guess : messages.find((m) => m.seq === seq);
}

/**
 * Takes over rows that are newer than what is known. Those before the window, hidden or cleared are left
 * out, as are those past `lastSeq`: they are yet to come in their own turn.
 */
export function withMessages(
  state: ChatState,
  rows: readonly Message[],
): ChatState {
  const { from, lastSeq, hidden, preferences: { clearedSeq } } = state;
  const isNewer = (row: Message) => {
    const known = messageAt(state, row.seq);
    if (!known || row.rev > known.rev) return true;
    // Views are counted without a rev, and only grow.
    return row.rev === known.rev && (row.views ?? 0) > (known.views ?? 0);
  };
  const isNews = (row: Message) =>
    row.seq >= from && row.seq > clearedSeq && row.seq <= lastSeq &&
    !hidden.has(row.seq) &&
    isNewer(row);
  const news = rows.filter(isNews).map((row) => withChoice(state, row));
  if (news.length === 0) return state;
  const last = state.messages.at(-1)?.seq ?? 0;
  if (news.length === 1 && news[0]!.seq > last) {
    return { ...state, messages: [...state.messages, ...news] };
  }
  const bySeq = new Map(state.messages.map((m) => [m.seq, m]));
  for (const row of news) bySeq.set(row.seq, row);
  const messages = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  return { ...state, messages };
}

/** Takes a page of history in: an unbroken run of messages that reaches up to the window or overlaps it. */
export function withHistory(
  state: ChatState,
  { items, hasBefore }: History,
): ChatState {
  const first = hasBefore ? items[0]?.seq ?? state.from : 1;
  const from = Math.min(state.from, first);
  return withMessages({ ...state, from }, items);
}

/** What the account itself told of a vote counts: a page may have been read before it. */
function withChoice({ votes }: ChatState, message: Message): Message {
  const mine = votes.get(message.seq);
  return mine && message.poll
    ? { ...message, poll: { ...message.poll, mine: [...mine] } }
    : message;
}

/** The caller chose in a poll, on whatever device. */
export function withVote(
  state: ChatState,
  seq: number,
  options: readonly number[],
): ChatState {
  const voted = { ...state, votes: new Map(state.votes).set(seq, options) };
  const messages = state.messages.map((message) =>
    message.seq === seq ? withChoice(voted, message) : message
  );
  return { ...voted, messages };
}

/** The message is no longer the caller's to see. */
export function withoutMessage(state: ChatState, seq: number): ChatState {
  if (state.hidden.has(seq)) return state;
  return {
    ...state,
    hidden: new Set(state.hidden).add(seq),
    messages: state.messages.filter((message) => message.seq !== seq),
  };
}

/** Lets go of all but the newest `count` messages. */
export function trimmed(state: ChatState, count: number): ChatState {
  const cut = state.messages.length - count;
  if (cut <= 0) return state;
  const messages = state.messages.slice(cut);
  const from = messages[0]?.seq ?? state.lastSeq + 1;
  return { ...state, messages, from };
}
