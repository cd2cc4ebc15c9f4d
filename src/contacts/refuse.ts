import { privacies } from "../accounts/mod.ts";
import { type Read, reads, type State } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import type { PrivacySetting } from "../protocol/privacy.ts";
import { Problem } from "../protocol/problem.ts";
import { allows } from "./privacy.ts";
import { blocked, isBlocked, type Sides } from "./rules.ts";
import { contacts } from "./store.ts";

/** What a command reads to know what it may do to others, whose accounts it locks. */
export const reachReads = (
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
  reads(privacies, others.map((userId) => ({ userId }))),
];

/** Why `by` may not open a direct chat with a person. Needs the rows of `reachReads`. */
export function refuseFirstWord(
  state: State,
  by: UserId,
  userId: UserId,
): Problem | undefined {
  if (isBlocked(sidesOf(state, by, userId))) return blocked();
  if (lets(state, "writeFirst", by, userId)) return undefined;
  return new Problem("forbidden", {
    detail: "This person does not let you write first",
  });
}

/**
 * Why `by` may not add these people to a group. Needs the rows of `reachReads`. Common groups go on
 * after a block, but nobody is pulled into one by whom she has blocked.
 */
export function refuseAdding(
  state: State,
  by: UserId,
  people: readonly UserId[],
): Problem | undefined {
  const unwilling = people.find((userId) =>
    userId !== by &&
    (sidesOf(state, by, userId).theirs === "blocked" ||
      !lets(state, "addToGroups", by, userId))
  );
  if (!unwilling) return undefined;
  return new Problem("forbidden", {
    detail: `The person ${unwilling} does not let you add them to groups`,
  });
}

const lets = (
  state: State,
  setting: PrivacySetting,
  by: UserId,
  userId: UserId,
) =>
  allows(
    state.get(privacies, { userId })?.privacy[setting],
    sidesOf(state, by, userId),
    by,
    userId,
  );

const sidesOf = (state: State, by: UserId, userId: UserId): Sides => ({
  mine: state.get(contacts, { userId: by, peerId: userId })?.state ?? "none",
  theirs: state.get(contacts, { userId, peerId: by })?.state ?? "none",
});
