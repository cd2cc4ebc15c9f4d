import type { Command } from "../changes/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import type { Draft, PreferencesPatch } from "../protocol/preferences.ts";
import { changePreferences } from "./change.ts";
import { preferencesUpdated } from "./shape.ts";
import type { PreferencesKey, PreferencesRow } from "./store.ts";

/** Seals a draft for one person in one chat. */
export type SealDraft = (key: PreferencesKey, draft: Draft) => Promise<Sealed>;

/**
 * Sets the named preferences. A patch that changes nothing takes no number and makes no event; a
 * draft counts as changed, since what is sealed cannot be compared.
 */
export function updatePreferences(
  key: PreferencesKey,
  { draft, mutedUntil, ...named }: PreferencesPatch,
  seal: SealDraft,
): Command<void> {
  let sealed: Sealed | undefined;
  return changePreferences(key, (before) => {
    const after: PreferencesRow = {
      ...before,
      ...(named as Partial<PreferencesRow>),
      mutedUntil: mutedUntil === undefined
        ? before.mutedUntil
        : mutedUntil === null
        ? null
        : new Date(mutedUntil),
      ...(draft === undefined ? {} : {
        draftKeyVersion: sealed?.keyVersion ?? null,
        draftSealed: sealed?.sealed ?? null,
      }),
    };
    if (isSame(before, after)) return "unchanged";
    return { row: after, event: (row) => preferencesUpdated(row, draft) };
  }, {
    prepare: draft
      ? async () => {
        sealed = await seal(key, draft);
      }
      : undefined,
  });
}

const fields = [
  "notify",
  "pinned",
  "archived",
  "markedUnread",
  "draftSealed",
] as const;

const isSame = (a: PreferencesRow, b: PreferencesRow) =>
  a.mutedUntil?.getTime() === b.mutedUntil?.getTime() &&
  fields.every((field) => a[field] === b[field]);
