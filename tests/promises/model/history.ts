import assert from "node:assert/strict";
import type { Member } from "../../../src/protocol/chats.ts";
import type { Event } from "../../../src/protocol/events.ts";
import type {
  BroadcastMessage,
  Message,
} from "../../../src/protocol/messages.ts";
import type { Follower } from "../../support/follower.ts";
import { revIn } from "../../support/reached.ts";
import {
  type Model,
  type Shown,
  step,
  type Told,
  toldId,
} from "./chat_model.ts";
import { wordsOf } from "./content.ts";
import type { Operation } from "./operation.ts";
import type { Answered } from "./perform.ts";

/** An operation and its answer, which was decided on some state from `from` to `to`. */
export interface Done {
  readonly by: string;
  readonly wish: Operation;
  readonly answered: Answered;
  /** The chat's rev before the operation was asked for, at least. */
  readonly from: number;
  /** The chat's rev after the answer. */
  readonly to: number;
}

/** What people heard and saw of a chat. */
export interface Log {
  /** By rev. Those that nobody heard, because the chat was only said to be behind, are missing. */
  readonly events: ReadonlyMap<number, Event>;
  /** States of memberships, the earliest first. */
  readonly members: readonly Member[];
}

/** Puts together what several people heard. Fails where they heard different things. */
export function logOf(
  chatId: string,
  followers: readonly Pick<Follower, "heard" | "shown">[],
): Log {
  const events = new Map<number, Event>();
  const members = followers.flatMap(({ shown }) => shown);
  for (const event of followers.flatMap(({ heard }) => heard)) {
    const rev = revIn(chatId, event);
    if (rev === undefined || !takesRev.has(event.type)) continue;
    if (events.has(rev)) assert.deepEqual(event, events.get(rev));
    events.set(rev, event);
    if ("member" in event) members.push(event.member);
  }
  return { events, members: members.sort((a, b) => a.rev - b.rev) };
}

const takesRev = new Set<Event["type"]>([
  "message.created",
  "message.updated",
  "member.joined",
  "member.updated",
  "member.left",
  "chat.updated",
]);

/**
 * Explains a run up to `last`: fails unless the operations, one after the other, do in the model what
 * the events say the service did; and unless each refusal, and each answer that changed nothing, fits
 * a state that the chat was in while it was asked for. Answers with the last state.
 */
export function explain(
  start: Model,
  last: number,
  log: Log,
  done: readonly Done[],
): Model {
  const search = { last, log, done, furthest: start.rev, reason: "" };
  const states = goOn(search, [start], new Set());
  assert.ok(states, `After rev ${search.furthest}: ${search.reason}`);
  return states.at(-1)!;
}

interface Search {
  readonly last: number;
  readonly log: Log;
  readonly done: readonly Done[];
  /** How far any way led, and why it ended there. */
  furthest: number;
  reason: string;
}

/** Goes on with whatever fits what the log says next, and back where that leads nowhere. */
function goOn(
  search: Search,
  states: readonly Model[],
  did: ReadonlySet<Done>,
): readonly Model[] | undefined {
  const model = states.at(-1)!;
  const open = search.done.filter((one) => !did.has(one));
  const isLast = model.rev === search.last;
  // What was answered by now has to be explained by now: no later state will.
  const odd = open.find((one) =>
    (isLast || one.to === model.rev) && !isExplained(one, states)
  );
  if (isLast && !odd) return states;
  const candidates = open
    .filter(({ from, to }) => from <= model.rev && model.rev <= to)
    .filter((one) => !isBan(one) || one === open.find(isBan))
    .sort((a, b) => revOf(b) - revOf(a) || a.to - b.to);
  const changing = odd ? [] : candidates.filter(({ to }) => model.rev < to);
  for (const follow of [following, silently]) {
    for (const candidate of follow === following ? changing : candidates) {
      const next = follow(model, search.log, candidate);
      const found = next &&
        goOn(search, [...states, next], new Set([...did, candidate]));
      if (found) return found;
    }
  }
  if (model.rev >= search.furthest) {
    search.furthest = model.rev;
    search.reason = odd ? `no state explains ${JSON.stringify(odd)}` : [
      `nobody did ${JSON.stringify(search.log.events.get(model.rev + 1))}`,
      `among ${JSON.stringify([...model.members])}. Open were`,
      ...candidates.map((one) => JSON.stringify(one)),
    ].join("\n");
  }
}

/** These are done in the order in which they were answered: each only after the one before. */
const isBan = ({ wish: { kind }, answered }: Done) =>
  (kind === "ban" || kind === "unban") && !("refused" in answered);

/** Those that name their rev come first: there is one place for them. */
const revOf = ({ answered }: Done) => "rev" in answered ? 1 : 0;

/** The state after an operation, if it changes something and the log does not speak against it. */
function following(
  model: Model,
  log: Log,
  { by, wish, answered }: Done,
): Model | undefined {
  // A new title is answered with the chat as it stands after, which somebody removed since gets not.
  const isAnsweredAfter = (wish.kind === "rename" || wish.kind === "slow") &&
    isSame(answered, { refused: "not_found" });
  if ("refused" in answered && !isAnsweredAfter) return;
  const result = step(model, by, wish);
  if ("refused" in result || result.told.length === 0) return;
  const rev = model.rev + 1;
  if ("rev" in answered && (answered.rev !== rev || answered.duplicate)) return;
  const fits = result.told.every((told, i) => {
    const event = log.events.get(rev + i);
    if (event) return isSame(toldBy(event), told);
    const member = log.members.find((one) => one.rev === rev + i);
    return !member || ("userId" in told && told.userId === member.userId);
  });
  return fits ? withMoments(result.next, log) : undefined;
}

/** The state after a ban, or its end, of which nobody was told. */
function silently(
  model: Model,
  _: Log,
  done: Done,
): Model | undefined {
  const { by, wish } = done;
  if (!isBan(done)) return;
  const result = step(model, by, wish);
  const isSilent = "next" in result && result.told.length === 0;
  return isSilent ? result.next : undefined;
}

/** Whether the answer fits a state that the chat was in meanwhile, and changed nothing. */
function isExplained(
  done: Done,
  states: readonly Model[],
): boolean {
  if (isBan(done)) return false;
  const { by, wish, answered, from, to } = done;
  // The one refusal that no single state explains: the line of heirs moved while an owner left.
  const isLeaving = wish.kind === "remove" && wish.userId === by;
  if (isLeaving && isSame(answered, { refused: "unavailable" })) return true;
  return states.some((model) => {
    if (model.rev < from || model.rev > to) return false;
    const result = step(model, by, wish);
    if ("refused" in answered) {
      return "refused" in result && result.refused === answered.refused;
    }
    return "told" in result && result.next === model &&
      result.duplicate === (answered.duplicate || undefined);
  });
}

/** What an event says, in the words of the model. */
function toldBy(event: Event): Told {
  switch (event.type) {
    case "message.created":
      return { type: event.type, message: shownBy(event.message) };
    case "message.updated":
      return {
        type: event.type,
        change: event.change,
        by: event.userId,
        emoji: event.emoji,
        message: shownBy(event.message),
      };
    case "member.updated":
      return {
        type: event.type,
        userId: event.member.userId,
        role: event.member.role,
        rights: event.member.rights,
      };
    case "member.joined":
    case "member.left":
      return {
        type: event.type,
        userId: event.member.userId,
        role: event.member.role,
        memberCount: event.memberCount,
      };
    case "chat.updated":
      return {
        type: event.type,
        title: event.chat.title!,
        isSlow: event.chat.group!.slowModeSeconds > 0,
      };
    default:
      assert.fail(`${event.type} takes no rev in these runs`);
  }
}

/** What the service told has an id that nobody knew before: in the model it goes by its place. */
export const shownBy = (message: BroadcastMessage | Message): Shown => ({
  messageId: message.content?.type === "system"
    ? toldId(message.seq)
    : message.messageId,
  seq: message.seq,
  senderId: message.senderId,
  text: wordsOf(message.content),
  replyTo: message.replyTo?.messageId ?? null,
  replyCount: message.replyCount,
  reactions: message.reactions.map(({ emoji, count }) => [emoji, count]),
  poll: message.poll && {
    counts: message.poll.counts,
    voters: message.poll.voters,
    closed: message.poll.closedAt !== null,
  },
  pinned: message.pinned,
  edited: message.editedAt !== null,
});

/** Fills in when those came who have just come: what the first one to be shown them was told. */
function withMoments(model: Model, log: Log): Model {
  const members = new Map(model.members);
  for (const [userId, place] of members) {
    if (place.since !== "" || !place.present) continue;
    const first = log.members.find((member) =>
      member.userId === userId && member.rev >= place.rev
    );
    members.set(userId, { ...place, since: first?.joinedAt ?? "" });
  }
  return { ...model, members };
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
