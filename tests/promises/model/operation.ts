import fc from "fast-check";
import type { AdminRight } from "../../../src/protocol/groups.ts";
import type { Role } from "../../../src/protocol/chats.ts";
import type { PollKind } from "./content.ts";

/** What a person can do in a group. */
export type Operation =
  | {
    readonly kind: "send";
    readonly messageId: string;
    readonly text: string;
    readonly replyTo: string | null;
    /** Whether the text is the question of a poll, and of which kind. */
    readonly poll?: PollKind;
  }
  | {
    readonly kind: "edit";
    readonly messageId: string;
    readonly text: string;
  }
  | { readonly kind: "delete"; readonly messageId: string }
  /** For oneself alone. */
  | { readonly kind: "hide"; readonly messageId: string }
  | {
    readonly kind: "react";
    readonly messageId: string;
    readonly emoji: string;
    readonly active: boolean;
  }
  | {
    readonly kind: "pin";
    readonly messageId: string;
    readonly active: boolean;
  }
  | {
    readonly kind: "vote";
    readonly messageId: string;
    /** None, to take the vote back. */
    readonly options: readonly number[];
  }
  | { readonly kind: "closePoll"; readonly messageId: string }
  | { readonly kind: "read"; readonly seq: number }
  | { readonly kind: "add"; readonly userIds: readonly string[] }
  /** Oneself: leave. */
  | { readonly kind: "remove"; readonly userId: string }
  /** Takes out who is in, and keeps out; or no longer. */
  | { readonly kind: "ban" | "unban"; readonly userId: string }
  | {
    readonly kind: "setRole";
    readonly userId: string;
    readonly role: Role;
  }
  /** Makes an admin, or says what one may do. */
  | {
    readonly kind: "grant";
    readonly userId: string;
    readonly rights: readonly AdminRight[];
  }
  /** A day between two messages of one member, or none. */
  | { readonly kind: "slow"; readonly active: boolean }
  | { readonly kind: "rename"; readonly title: string };

/**
 * The plan of an operation, before it is known what there is to operate on: `message`, `person` and
 * the like choose among what there is then.
 */
export interface Plan {
  readonly actor: number;
  readonly kind: Operation["kind"] | "reconnect";
  readonly message: number;
  readonly person: number;
  readonly other: number;
  readonly choice: number;
  readonly active: boolean;
  /** Whether the actor waits for the answers to what it did before. */
  readonly waits: boolean;
}

/** More of what is common; enough of the rest that each meets each. */
const kinds: readonly {
  arbitrary: fc.Arbitrary<Plan["kind"]>;
  weight: number;
}[] = Object.entries(
  {
    send: 30,
    react: 14,
    edit: 8,
    delete: 5,
    hide: 4,
    pin: 5,
    vote: 14,
    closePoll: 2,
    read: 6,
    add: 12,
    remove: 4,
    ban: 3,
    unban: 7,
    setRole: 5,
    grant: 5,
    slow: 2,
    rename: 3,
    reconnect: 3,
  } satisfies Record<Plan["kind"], number>,
).map(([kind, weight]) => ({
  arbitrary: fc.constant(kind as Plan["kind"]),
  weight,
}));

export const planOf = (actors: number): fc.Arbitrary<Plan> =>
  fc.record({
    actor: fc.nat(actors - 1),
    kind: fc.oneof(...kinds),
    // Mostly the latest, where several meet.
    message: fc.oneof(fc.nat(3), fc.nat(40)),
    person: fc.nat(actors - 1),
    other: fc.nat(actors - 1),
    choice: fc.nat(3),
    active: fc.boolean(),
    waits: fc.boolean(),
  }).map((plan) =>
    // The one who stays brings back most of those who went, so that there is somebody to act.
    ["add", "unban"].includes(plan.kind) && plan.active
      ? { ...plan, actor: 0 }
      : plan
  );
