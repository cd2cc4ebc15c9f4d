import type { Plan as ChatPlan } from "../model/operation.ts";
import type { Random } from "./random.ts";

/** What a client does next, before it is known what there is to do it to. */
export interface Plan extends Omit<ChatPlan, "kind" | "actor"> {
  readonly kind:
    | Exclude<ChatPlan["kind"], "grant" | "slow">
    | "typing"
    | "signOut";
  /** Which of the client's chats. */
  readonly chat: number;
  /** How long the client thinks before, as a multiple of what it takes on average. */
  readonly think: number;
}

/**
 * Mostly what is common, and all of the rest. Where only some may do a thing, others send instead; and
 * more come than go, so that there is somebody to act.
 */
const weights: Record<Plan["kind"], number> = {
  send: 22,
  react: 12,
  edit: 7,
  delete: 3,
  hide: 3,
  pin: 4,
  vote: 8,
  closePoll: 1,
  read: 9,
  typing: 7,
  add: 18,
  remove: 4,
  ban: 3,
  unban: 5,
  setRole: 5,
  rename: 2,
  reconnect: 2,
  signOut: 2,
};
const kinds = Object.entries(weights) as [Plan["kind"], number][];
const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);

/** Beyond any list that a number chooses from; the rest of the division chooses. */
const any = 2 ** 20;

/** The same plans for the same `random`, without an end. */
export function* plansOf(random: Random): Generator<Plan, never> {
  for (;;) {
    yield {
      kind: kindOf(random.next() * total),
      chat: random.int(any),
      // Mostly the latest, where several meet.
      message: random.int(random.chance(0.5) ? 4 : 40),
      person: random.int(any),
      other: random.int(any),
      choice: random.int(4),
      active: random.chance(0.5),
      waits: random.chance(0.5),
      think: -Math.log(1 - random.next()),
    };
  }
}

function kindOf(at: number): Plan["kind"] {
  for (const [kind, weight] of kinds) if ((at -= weight) < 0) return kind;
  return "send";
}
