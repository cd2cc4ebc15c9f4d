import type { Chat, Member, Receipt, Role } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Message } from "../protocol/messages.ts";
import {
  type ChatPreferences,
  type Draft,
  noPreferences,
  unreadOf,
} from "../protocol/preferences.ts";
import type { ChatHead, ChatItem } from "../protocol/sync.ts";

/**
 * A chat as this client knows it. A value: each change makes a new one, so that two can be compared
 * with `===`.
 */
export interface ChatState {
  readonly chatId: ChatId;
  /** The caller's. */
  readonly role: Role;
  /** All changes up to this one are in. */
  readonly rev: number;
  readonly lastSeq: number;
  /** The caller's own cursors, and what follows from them. */
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly unread: number;
  /** null until the chat was opened or its own facts changed. */
  readonly chat: Chat | null;
  /** Ascending by `seq`, with nothing missing from `from` to `lastSeq` but what the caller has hidden. */
  readonly messages: readonly Message[];
  readonly from: number;
  /** Everyone, once the chat was opened; those who left stay, with `leftAt`. Of a channel nobody else. */
  readonly members: ReadonlyMap<UserId, Member>;
  readonly receipts: ReadonlyMap<UserId, Receipt>;
  /** Messages that the caller deleted for herself while this client ran, by `seq`. */
  readonly hidden: ReadonlySet<number>;
  /** What the caller chose in polls while this client ran, by `seq`. */
  readonly votes: ReadonlyMap<number, readonly number[]>;
  /** What the caller has set for the chat. Messages up to `clearedSeq` are not shown. */
  readonly preferences: ChatPreferences;
  /** What the caller has begun to write; undefined until the chat was opened or the draft changed. */
  readonly draft: Draft | null | undefined;
  /** When the draft was last heard of. */
  readonly draftRev: number;
}

/** A chat of which no more than its counters is known. */
export function stateOfHead(
  { preferences = noPreferences, ...head }: Omit<ChatHead, "unread">,
): ChatState {
  return counted({
    ...head,
    preferences,
    draft: undefined,
    draftRev: 0,
    unread: 0,
    chat: null,
    messages: [],
    from: head.lastSeq + 1,
    members: new Map(),
    receipts: new Map(),
    hidden: new Set(),
    votes: new Map(),
  });
}

export function stateOfItem(item: ChatItem): ChatState {
  const { chatId, rev, lastSeq, me: { role, readSeq, deliveredSeq } } = item;
  const head = { chatId, role, rev, lastSeq, readSeq, deliveredSeq };
  return withOwn({ ...stateOfHead(head), chat: chatOf(item) }, item);
}

/** Takes over what an item of the list tells of the caller's own preferences. */
export function withOwn(state: ChatState, { me }: ChatItem): ChatState {
  const { accountRev, mutedUntil, notify, pinned, archived } = me;
  const { markedUnread, clearedSeq, notifiedSeq, draft } = me;
  const preferences = {
    ...{ accountRev, mutedUntil, notify, pinned, archived },
    ...{ markedUnread, clearedSeq, notifiedSeq },
  };
  return withDraft(withPreferences(state, preferences), accountRev, draft);
}

/** Takes over preferences that are newer than those known. */
export function withPreferences(
  state: ChatState,
  preferences: ChatPreferences,
): ChatState {
  if (preferences.accountRev <= state.preferences.accountRev) return state;
  const { clearedSeq } = preferences;
  const messages = clearedSeq > state.preferences.clearedSeq
    ? state.messages.filter(({ seq }) => seq > clearedSeq)
    : state.messages;
  return counted({ ...state, preferences, messages });
}

/** Takes over a draft that is newer than the one known. */
export function withDraft(
  state: ChatState,
  accountRev: number,
  draft: Draft | null,
): ChatState {
  const isKnown = state.draft !== undefined && accountRev <= state.draftRev;
  if (isKnown || accountRev < state.draftRev) return state;
  return { ...state, draft, draftRev: accountRev };
}

/** The chat's own facts, without what the list adds to them. */
export function chatOf(item: ChatItem): Chat {
  const { rev: _r, lastSeq: _l, lastMessage: _m, peer: _p, me: _me, ...chat } =
    item;
  return chat;
}

/** Brings `unread` in line. */
export function counted(state: ChatState): ChatState {
  const { clearedSeq } = state.preferences;
  const unread = unreadOf({ ...state, clearedSeq });
  return unread === state.unread ? state : { ...state, unread };
}

/** There are messages up to `lastSeq`. */
export function withLastSeq(state: ChatState, lastSeq: number): ChatState {
  return lastSeq <= state.lastSeq ? state : counted({ ...state, lastSeq });
}

/** Moves someone's cursors, which only ever go forward. */
export function withReceipt(
  state: ChatState,
  { userId, deliveredSeq, readSeq }: Receipt,
  me: UserId,
): ChatState {
  const before = state.receipts.get(userId);
  const after = {
    userId,
    deliveredSeq: Math.max(before?.deliveredSeq ?? 0, deliveredSeq),
    readSeq: Math.max(before?.readSeq ?? 0, readSeq),
  };
  const isSame = before?.deliveredSeq === after.deliveredSeq &&
    before.readSeq === after.readSeq;
  const receipts = isSame
    ? state.receipts
    : new Map(state.receipts).set(userId, after);
  if (userId !== me) return isSame ? state : { ...state, receipts };
  return counted({
    ...state,
    receipts,
    deliveredSeq: Math.max(state.deliveredSeq, deliveredSeq),
    readSeq: Math.max(state.readSeq, readSeq),
  });
}

/** The caller has this role. */
export const withRole = (state: ChatState, role: Role): ChatState =>
  role === state.role ? state : { ...state, role };

/** Takes over those rows that are newer than what is known, and the caller's role with them. */
export function withMembers(
  before: ChatState,
  rows: readonly Member[],
  me?: UserId,
): ChatState {
  const own = rows.find(({ userId }) => userId === me);
  const isOwnNews = own?.leftAt === null &&
    own.rev >= (before.members.get(own.userId)?.rev ?? -1);
  const state = isOwnNews ? withRole(before, own.role) : before;
  const isNews = (row: Member) => {
    const known = state.members.get(row.userId);
    if (!known || row.rev > known.rev) return true;
    // In a channel a member changes without taking a rev.
    return row.rev === known.rev && row.userId === me &&
      row.role !== known.role;
  };
  const news = rows.filter(isNews);
  if (news.length === 0) return state;
  const entries = news.map((row) => [row.userId, row] as const);
  return { ...state, members: new Map([...state.members, ...entries]) };
}
