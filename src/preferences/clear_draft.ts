import {
  type Announced,
  type Numbers,
  type Put,
  put,
  type State,
} from "../changes/mod.ts";
import { preferencesUpdated } from "./shape.ts";
import { preferences, type PreferencesKey } from "./store.ts";

/**
 * What a send that says so does to the sender's draft, in the same step: no device shows both. The
 * command has named the row and locks the account.
 */
export function clearDraft(
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
