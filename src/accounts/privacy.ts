import {
  Privacy,
  type PrivacyPatch,
  type PrivacyRule,
  type PrivacySetting,
} from "../protocol/privacy.ts";
import type { StoredAccount, UserRow } from "./store.ts";

/** The settings that are not as they come. */
export type StoredPrivacy = Readonly<
  Partial<Record<PrivacySetting, PrivacyRule>>
>;

/** As every setting comes. */
export const openToAll: PrivacyRule = { who: "everyone", allow: [], deny: [] };

const names = Object.keys(Privacy.shape) as PrivacySetting[];

/** Every setting. */
export const privacyOf = (stored: StoredPrivacy): Privacy =>
  Object.fromEntries(
    names.map((name) => [name, stored[name] ?? openToAll]),
  ) as Privacy;

/** The settings after some were replaced, each list without repetitions, always in one order. */
export function withPrivacy(
  before: StoredPrivacy,
  patch: PrivacyPatch,
): StoredPrivacy {
  const rules = names.flatMap((name) => {
    const { who, allow, deny } = patch[name] ?? before[name] ?? openToAll;
    const rule = {
      who,
      allow: [...new Set(allow)],
      deny: [...new Set(deny)],
    };
    const isOpen = who === "everyone" && allow.length + deny.length === 0;
    return isOpen ? [] : [[name, rule] as const];
  });
  return Object.fromEntries(rules);
}

/** Whether there is nobody who may not. */
export const isPublic = (rule: PrivacyRule | undefined): boolean =>
  rule === undefined || (rule.who === "everyone" && rule.deny.length === 0);

/** The profile as everybody may see it; `users.public_about` is the same in SQL. */
export const publicProfile = (
  { userId, username, displayName, about, privacy }: StoredAccount,
): UserRow => ({
  userId,
  username,
  displayName,
  about: isPublic(privacy.about) ? about : "",
});
