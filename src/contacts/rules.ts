import type { ContactState } from "../protocol/contacts.ts";
import { Problem } from "../protocol/problem.ts";

/** What each of two people is to the other: `mine` is the other to me, `theirs` is me to the other. */
export interface Sides {
  readonly mine: ContactState;
  readonly theirs: ContactState;
}

/** What a person may do about another one. `forget`: the account was deleted. */
export type Verb =
  | "request"
  | "accept"
  | "drop"
  | "remove"
  | "block"
  | "unblock"
  | "forget";

const over: Sides = { mine: "none", theirs: "none" };
const friends: Sides = { mine: "accepted", theirs: "accepted" };

/** Alike whoever has blocked whom, so that it tells no more than it must. */
export const blocked = () => new Problem("blocked");

export const isBlocked = ({ mine, theirs }: Sides) =>
  mine === "blocked" || theirs === "blocked";

/** What the verb makes of two people; the same sides where it changes nothing. */
export const rules: Readonly<
  Record<Verb, (before: Sides) => Sides | Problem>
> = {
  request(before) {
    if (isBlocked(before)) return blocked();
    // Two requests that cross are an answer to each other.
    if (before.mine === "incoming") return friends;
    return before.mine === "none"
      ? { mine: "outgoing", theirs: "incoming" }
      : before;
  },

  accept(before) {
    if (before.mine === "incoming") return friends;
    return before.mine === "accepted" ? before : new Problem("not_found", {
      detail: "There is no request from this person",
    });
  },

  /** Rejects or withdraws a request, whichever of the two it is. */
  drop(before) {
    if (before.mine === "accepted") {
      return new Problem("conflict", { detail: "The request was accepted" });
    }
    const isPending = before.mine === "incoming" || before.mine === "outgoing";
    return isPending ? over : before;
  },

  remove: (before) => before.mine === "accepted" ? over : before,

  /** The other one just loses the contact, and is not told why. */
  block: ({ theirs }) => ({
    mine: "blocked",
    theirs: theirs === "blocked" ? "blocked" : "none",
  }),

  unblock: (before) =>
    before.mine === "blocked" ? { ...before, mine: "none" } : before,

  forget: () => over,
};
