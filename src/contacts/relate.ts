import { presentUser, users } from "../accounts/mod.ts";
import {
  type Announced,
  type Command,
  type Decision,
  type Numbers,
  type Put,
  put,
  reads,
  Stale,
  type State,
} from "../changes/mod.ts";
import type { Contact, ContactState } from "../protocol/contacts.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { blockedChats, directChats, directKeyOf } from "./direct_store.ts";
import { isBlocked, rules, type Sides, type Verb } from "./rules.ts";
import { contactOf } from "./shape.ts";
import { type ContactRow, contacts, contactViews } from "./store.ts";

export interface Relate {
  readonly verb: Verb;
  readonly by: UserId;
  readonly userId: UserId;
  /** With `block`, `unblock` and `forget`: the pair's direct chat as it was read before, or null. */
  readonly chatId?: ChatId | null;
}

/** What came of it: the other person as a contact, and whether anything has changed. */
export interface Related {
  readonly contact: Contact | null;
  readonly changed: boolean;
}

/**
 * One person does something about another one: `rules.ts` says what comes of it. Both accounts are
 * locked, since each has a row of its own and hears of it by its own counter. Where it is about a
 * block, the pair's direct chat is locked too: what is sent in it is decided under that lock alone.
 */
export function relate(wish: Relate): Command<Related> {
  const { by, userId, chatId } = wish;
  const directKey = directKeyOf([by, userId]);
  return {
    scopes: [by, userId, ...(chatId ? [chatId] : [])],
    reads: [
      reads(contacts, [
        { userId: by, peerId: userId },
        { userId, peerId: by },
      ]),
      reads(users, [{ userId: by }, { userId }]),
      reads(contactViews, [{ userId: by }, { userId }]),
      ...(chatId === undefined ? [] : [reads(directChats, [{ directKey }])]),
    ],
    decide: (state) => decide(state, wish, directKey),
  };
}

const needsBoth: readonly Verb[] = ["request", "accept", "block"];

function decide(
  state: State,
  { verb, by, userId, chatId }: Relate,
  directKey: string,
): Decision<Related> {
  if (by === userId) {
    return new Problem("invalid_input", {
      errors: [{ path: "userId", message: "Must be another person" }],
    });
  }
  // Whoever deletes the account is nothing to anybody any more.
  const isThere = presentUser(state, by) && presentUser(state, userId);
  if (needsBoth.includes(verb) && !isThere) return new Problem("not_found");
  if (chatId !== undefined) {
    const present = state.get(directChats, { directKey })?.chatId ?? null;
    if (present !== chatId) return new Stale("The direct chat was just opened");
  }

  const mine = state.get(contacts, { userId: by, peerId: userId });
  const theirs = state.get(contacts, { userId, peerId: by });
  const before: Sides = {
    mine: mine?.state ?? "none",
    theirs: theirs?.state ?? "none",
  };
  const after = rules[verb](before);
  if (after instanceof Problem) return after;
  if (after.mine === before.mine && after.theirs === before.theirs) {
    const contact = mine ? shown(state, mine) : null;
    return { reply: { contact, changed: false } };
  }
  return {
    fact(numbers) {
      const rows: Put[] = [];
      const events: Announced[] = [];
      const change = (owner: UserId, peer: UserId, to: ContactState) => {
        const row = changed(state, numbers, owner, peer, to);
        rows.push(...row.rows);
        events.push(row.event);
        return row.contact;
      };
      const own = after.mine === before.mine
        ? mine && shown(state, mine)
        : change(by, userId, after.mine);
      if (after.theirs !== before.theirs) change(userId, by, after.theirs);
      if (chatId) {
        rows.push(put(blockedChats, { chatId, blocked: isBlocked(after) }));
      }
      return { rows, events, reply: { contact: own ?? null, changed: true } };
    },
  };
}

/** One side as it is from now on, counted by its owner. */
function changed(
  state: State,
  numbers: Numbers,
  userId: UserId,
  peerId: UserId,
  to: ContactState,
) {
  const accountRev = numbers.rev(userId);
  const row: ContactRow = {
    userId,
    peerId,
    state: to,
    since: numbers.now,
    accountRev,
  };
  const contact = shown(state, row);
  const event: Announced = {
    account: userId,
    rev: accountRev,
    event: { type: "contact.updated", accountRev, contact },
  };
  const view = state.get(contactViews, { userId })!;
  const rows = [
    put(contacts, row),
    ...(to === "incoming"
      ? [put(contactViews, { ...view, unseen: true })]
      : []),
  ];
  return { rows, event, contact };
}

/** A contact as its owner sees it. */
const shown = (state: State, row: ContactRow): Contact =>
  contactOf({
    ...state.get(users, { userId: row.peerId })!,
    ...row,
    viewedRev: state.get(contactViews, { userId: row.userId })!.accountRev,
  });
