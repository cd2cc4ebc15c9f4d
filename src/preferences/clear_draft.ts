import {
  type Announced,
  type Command,
  type Numbers,
  type Put,
  put,
  reads,
  type State,
} from "../changes/mod.ts";
import { Problem } from "../protocol/problem.ts";
import { preferencesUpdated } from "./shape.ts";
import { preferences, type PreferencesKey } from "./store.ts";

/**
 * The same command, which takes the draft away too where it becomes a fact, in the same step: no device
 * shows what was sent and its draft. It locks the account as well.
 */
export const clearingDraft = <Reply>(
  command: Command<Reply>,
  key: PreferencesKey,
): Command<Reply> => ({
  ...command,
  scopes: [...command.scopes, key.userId],
  reads: [...command.reads, reads(preferences, [key])],
  decide(state) {
    const decision = command.decide(state);
    if (decision instanceof Problem || "reply" in decision) return decision;
    return {
      fact(numbers) {
        const outcome = decision.fact(numbers);
        const draft = clearDraft(state, numbers, key);
        return {
          ...outcome,
          rows: [...outcome.rows, ...draft.rows],
          events: [...outcome.events, ...draft.events],
        };
      },
    };
  },
});

function clearDraft(
  state: State,
  numbers: Numbers,
  key: PreferencesKey,
): { rows: Put[]; events: Announced[] } {
  const before = state.get(preferences, key);
  if (!before || before.draftSealed === null) return { rows: [], events: [] };
  const row = {
    ...before,
    draftKeyVersion: null,
    draftSealed: null,
    accountRev: numbers.rev(key.userId),
  };
  return {
    rows: [put(preferences, row)],
    events: [preferencesUpdated(row, null)],
  };
}
