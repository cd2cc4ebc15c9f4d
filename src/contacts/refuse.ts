import { type Read, reads, type State } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Problem } from "../protocol/problem.ts";
import { blocked, isBlocked } from "./rules.ts";
import { contacts } from "./store.ts";

/** What a command reads to know what somebody is to others, who are locked by it. */
export const relatedReads = (
  by: UserId,
  others: readonly UserId[],
): Read[] => [
  reads(
    contacts,
    others.flatMap((userId) => [
      { userId: by, peerId: userId },
      { userId, peerId: by },
    ]),
  ),
];

/** Why two people may have nothing to do with each other. Needs their rows of `relatedReads`. */
export function refuseRelated(
  state: State,
  by: UserId,
  userId: UserId,
): Problem | undefined {
  const mine = state.get(contacts, { userId: by, peerId: userId });
  const theirs = state.get(contacts, { userId, peerId: by });
  const sides = {
    mine: mine?.state ?? "none",
    theirs: theirs?.state ?? "none",
  } as const;
  return isBlocked(sides) ? blocked() : undefined;
}
