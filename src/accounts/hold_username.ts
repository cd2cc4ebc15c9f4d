import { type Put, put, type State } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import {
  type HeldName,
  heldNames,
  type UsernameRow,
  usernames,
} from "./username_store.ts";

/** How long a name that was given up is held back, so that nobody can pose as who had it. */
export const holdMs = 30 * 24 * 60 * 60_000;

/** Names held for one account at once: more would keep them from everybody by renaming again and again. */
export const heldAtMost = 5;

/** Whether the name can be had by this account now: nobody has it, nor may have it back. */
export function isFree(
  { userId: owner, heldUntil, heldFor }: UsernameRow,
  userId: UserId,
  now: Date,
): boolean {
  if (owner !== null && owner !== userId) return false;
  return heldUntil === null || heldUntil <= now || heldFor === userId;
}

/** Why the account cannot have the name; undefined where it can. */
export function refuseUsername(
  state: State,
  userId: UserId,
  name: string,
  now: Date,
): Problem | undefined {
  if (!isFree(state.get(usernames, { name })!, userId, now)) {
    return new Problem("username_taken");
  }
  const held = stillHeld(state, userId, name, now);
  if (held.length < heldAtMost) return undefined;
  return new Problem("rate_limited", {
    detail: "The username was changed too often",
    retryAfterMs: Date.parse(held[0]!.until) - now.getTime(),
  });
}

/** Takes a name and gives up the one before it, which is held from now on. */
export function takeUsername(
  state: State,
  userId: UserId,
  before: string,
  name: string,
  now: Date,
): Put[] {
  const heldUntil = new Date(now.getTime() + holdMs);
  const held = [
    ...stillHeld(state, userId, name, now),
    { name: before, until: heldUntil.toISOString() },
  ];
  return [
    put(usernames, { name: before, userId: null, heldUntil, heldFor: userId }),
    put(usernames, { name, userId, heldUntil: null, heldFor: null }),
    put(heldNames, { userId, held }),
  ];
}

/** The names of a deleted account: held for nobody, and tied to nobody. */
export function orphanUsernames(
  state: State,
  userId: UserId,
  name: string,
  now: Date,
): Put[] {
  const rows = [
    ...state.get(heldNames, { userId })?.held ?? [],
    { name, until: new Date(now.getTime() + holdMs).toISOString() },
  ].map(({ name, until }): UsernameRow => ({
    name,
    userId: null,
    heldUntil: new Date(until),
    heldFor: null,
  }));
  return [
    ...rows.map((row) => put(usernames, row)),
    put(heldNames, { userId, held: [] }),
  ];
}

/** What is held for the account, the next to run out first; not the name that it takes back. */
function stillHeld(
  state: State,
  userId: UserId,
  taken: string,
  now: Date,
): HeldName[] {
  const { held } = state.get(heldNames, { userId }) ?? { held: [] };
  return held.filter(({ name, until }) =>
    name !== taken && Date.parse(until) > now.getTime()
  );
}
