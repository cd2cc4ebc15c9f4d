import {
  type Command,
  type Decision,
  type Put,
  put,
  reads,
  type State,
} from "../changes/mod.ts";
import type { ProfilePatch } from "../protocol/accounts.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { findDevice } from "./device_list.ts";
import { deviceLists } from "./device_store.ts";
import { refuseUsername, takeUsername } from "./hold_username.ts";
import { publicProfile, withPrivacy } from "./privacy.ts";
import { meOf } from "./shape.ts";
import {
  type AccountRow,
  accounts,
  emails,
  liveAccount,
  privacies,
  users,
} from "./store.ts";
import { heldNames, usernames } from "./username_store.ts";

export interface NewProfile {
  readonly userId: UserId;
  /** The device that asks. */
  readonly deviceId: DeviceId;
  readonly patch: Omit<ProfilePatch, "password">;
  /** The hash that the password was checked against, where one was given. */
  readonly verifiedHash?: string | undefined;
  readonly now: Date;
}

/**
 * Whoever has signed in so short a time ago knew the password then. After it, a device that was left
 * unlocked, or whose token was stolen, does not get hold of what the account can be recovered by.
 */
export const freshMs = 15 * 60_000;

/** Changes the named fields. A patch that changes nothing takes no number and makes no event. */
export function updateProfile(wish: NewProfile): Command<AccountRow> {
  const { userId, patch: { username, email } } = wish;
  return {
    scopes: [userId],
    reads: [
      reads(accounts, [{ userId }]),
      ...(username === undefined ? [] : [
        reads(usernames, [{ name: username }]),
        reads(heldNames, [{ userId }]),
      ]),
      ...(email === undefined ? [] : [reads(deviceLists, [{ userId }])]),
      reads(emails, typeof email === "string" ? [{ name: email }] : []),
    ],
    decide: (state) => decide(state, wish),
  };
}

function decide(state: State, wish: NewProfile): Decision<AccountRow> {
  const { userId, patch, now } = wish;
  const before = liveAccount(state, userId);
  if (!before) return new Problem("not_found");
  const after: AccountRow = {
    ...before,
    username: patch.username ?? before.username,
    displayName: patch.displayName ?? before.displayName,
    about: patch.about ?? before.about,
    email: patch.email === undefined ? before.email : patch.email,
    privacy: withPrivacy(before.privacy, patch.privacy ?? {}),
  };
  if (isSame(before, after)) {
    return { reply: before };
  }
  const renamed = before.username !== after.username;
  const refusal =
    (renamed
      ? refuseUsername(state, userId, after.username, now)
      : undefined) ?? refuseEmail(state, wish, before, after.email);
  if (refusal) return refusal;
  return {
    fact: (numbers) => {
      const accountRev = numbers.rev(userId);
      const account = { ...after, accountRev };
      const { accountRev: _, ...me } = meOf(account);
      return {
        rows: [
          put(accounts, account),
          put(users, publicProfile(account)),
          put(privacies, account),
          ...(renamed
            ? takeUsername(
              state,
              userId,
              before.username,
              after.username,
              numbers.now,
            )
            : []),
          ...takeEmail(before.email, after.email, userId),
        ],
        events: [{
          account: userId,
          rev: accountRev,
          event: { type: "account.updated", accountRev, me },
        }],
        reply: account,
      };
    },
  };
}

const fields = ["username", "displayName", "about", "email"] as const;

const isSame = (before: AccountRow, after: AccountRow) =>
  fields.every((field) => before[field] === after[field]) &&
  JSON.stringify(withPrivacy(before.privacy, {})) ===
    JSON.stringify(after.privacy);

function refuseEmail(
  state: State,
  { userId, deviceId, verifiedHash, now }: NewProfile,
  before: AccountRow,
  email: string | null,
): Problem | undefined {
  if (email === before.email) return undefined;
  const signedInAt = findDevice(state, userId, deviceId)?.createdAt;
  const isFresh = signedInAt !== undefined &&
    Date.parse(signedInAt) > now.getTime() - freshMs;
  if (!isFresh && verifiedHash !== before.passwordHash) {
    return new Problem("forbidden", {
      detail: "Send the password along to change the email address",
    });
  }
  const owner = email && state.get(emails, { name: email })?.userId;
  return owner && owner !== userId ? new Problem("email_taken") : undefined;
}

/** The old address is free and the new one taken, also for the next command of the batch. */
function takeEmail(
  before: string | null,
  after: string | null,
  userId: UserId,
): Put[] {
  if (before === after) return [];
  return [
    ...(before === null ? [] : [put(emails, { name: before, userId: null })]),
    ...(after === null ? [] : [put(emails, { name: after, userId })]),
  ];
}
