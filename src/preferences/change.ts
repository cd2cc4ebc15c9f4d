import {
  type Announced,
  type Command,
  type Decision,
  put,
  reads,
  type ScopeId,
} from "../changes/mod.ts";
import { accessKeys, admit, chatTable, memberTable } from "../chats/mod.ts";
import { Problem } from "../protocol/problem.ts";
import { preferencesUpdated, unset } from "./shape.ts";
import {
  preferences,
  type PreferencesKey,
  type PreferencesRow,
} from "./store.ts";

/** What a change makes of the row. */
export interface ChangedPreferences {
  readonly row: PreferencesRow;
  /** Instead of the event that tells the whole state. */
  event?(row: PreferencesRow): Announced;
}

/**
 * The frame that every change to preferences shares: admit the caller, take one number of the account,
 * tell its devices. "unchanged" takes none. With `withHead` the chat is locked too, and `decide` gets
 * the `seq` of its last message.
 */
export function changePreferences(
  key: PreferencesKey,
  decide: (
    before: PreferencesRow,
    lastSeq: number,
  ) => ChangedPreferences | "unchanged",
  { withHead = false, prepare }: {
    readonly withHead?: boolean;
    readonly prepare?: (() => Promise<void>) | undefined;
  } = {},
): Command<void> {
  const { userId, chatId } = key;
  const keys = accessKeys(chatId, userId);
  const scopes: ScopeId[] = withHead ? [chatId, userId] : [userId];
  return {
    scopes,
    reads: [
      reads(chatTable, keys.chat),
      reads(memberTable, keys.members),
      reads(preferences, [key]),
    ],
    ...(prepare === undefined ? {} : { prepare }),
    decide(state): Decision<void> {
      const access = admit(state, chatId, userId);
      if (access instanceof Problem) return access;
      const before = state.get(preferences, key) ?? unset(key);
      const change = decide(before, state.head(chatId)?.lastSeq ?? 0);
      if (change === "unchanged") return { reply: undefined };
      return {
        fact(numbers) {
          const row = { ...change.row, accountRev: numbers.rev(userId) };
          return {
            rows: [put(preferences, row)],
            events: [change.event?.(row) ?? preferencesUpdated(row)],
            reply: undefined,
          };
        },
      };
    },
  };
}
