import type { Announcement } from "../relay/relay.ts";
import type { Event } from "../protocol/events.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Listener } from "./listener.ts";
import type { Sight } from "./sight.ts";

/** How far one chat or account has been delivered on this isolate, and to whom. */
export interface Scope {
  readonly id: string;
  readonly isAccount: boolean;
  /** Each with the counter at which it is known to have been let in. */
  readonly listeners: Map<Listener, number>;
  /** What is hidden from those who came later; most are not in it. */
  readonly sights: Map<UserId, Sight>;
  /** The last counter delivered; undefined until the first listener's snapshot tells. */
  rev: number | undefined;
  /** Where it stood in the snapshot of the listener that was the first to tell. */
  since: number;
  /** The highest counter heard of. */
  newest: number;
  /** Announcements that came before one with a lower counter, or before `rev` was known. */
  readonly held: Map<number, Announcement>;
  /** Runs while the scope is behind; owned by the hub. */
  timer: ReturnType<typeof setTimeout> | undefined;
  catchingUp: boolean;
}

export const createScope = (id: string, isAccount: boolean): Scope => ({
  id,
  isAccount,
  listeners: new Map(),
  sights: new Map(),
  rev: undefined,
  since: 0,
  newest: 0,
  held: new Map(),
  timer: undefined,
  catchingUp: false,
});

/** More than this out of order means a gap, not a delay: the rest is read from the database. */
const heldAtMost = 1000;

/** Takes an announcement in and answers with those that may be passed on now, in order. */
export function accept(
  scope: Scope,
  announcement: Announcement,
): Announcement[] {
  const { rev } = announcement;
  if (rev === undefined) return [announcement];
  if (rev <= (scope.rev ?? 0)) return [];
  scope.newest = Math.max(scope.newest, rev);
  if (announcement.event === undefined) return [];
  const isNext = scope.rev !== undefined && rev === scope.rev + 1;
  if (isNext || scope.held.size < heldAtMost) scope.held.set(rev, announcement);
  return release(scope);
}

/** Whether something is missing up to the highest counter heard of. */
export const isBehind = ({ rev, newest }: Scope) =>
  rev !== undefined && rev < newest;

/** Moves the scope on without the announcements in between; those held beyond may follow. */
export function skipTo(scope: Scope, rev: number): Announcement[] {
  scope.rev = rev;
  return release(scope);
}

function release(scope: Scope): Announcement[] {
  if (scope.rev === undefined) return [];
  const next: Announcement[] = [];
  for (let announcement; (announcement = scope.held.get(scope.rev + 1));) {
    next.push(announcement);
    scope.rev = announcement.rev!;
  }
  for (const rev of scope.held.keys()) {
    if (rev <= scope.rev) scope.held.delete(rev);
  }
  return next;
}

/** Says that there is more, up to this rev, than was sent. */
export const behind = ({ id, isAccount }: Scope, rev: number): Event =>
  isAccount
    ? { type: "account.behind", accountRev: rev }
    : { type: "chat.behind", chatId: id as ChatId, rev };
