import {
  type Command,
  type Decision,
  type Put,
  put,
  reads,
  type State,
} from "../changes/mod.ts";
import type { ProfilePatch } from "../protocol/accounts.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { meOf } from "./shape.ts";
import {
  type AccountRow,
  accounts,
  emails,
  usernames,
  users,
} from "./store.ts";

/** Changes the named fields. A patch that changes nothing takes no number and makes no event. */
export function updateProfile(
  userId: UserId,
  patch: ProfilePatch,
): Command<AccountRow> {
  const { username, email } = patch;
  return {
    scopes: [userId],
    reads: [
      reads(accounts, [{ userId }]),
      reads(usernames, username === undefined ? [] : [{ name: username }]),
      reads(emails, typeof email === "string" ? [{ name: email }] : []),
    ],
    decide: (state) => decide(state, userId, patch),
  };
}

function decide(
  state: State,
  userId: UserId,
  patch: ProfilePatch,
): Decision<AccountRow> {
  const before = state.get(accounts, { userId });
  if (!before) return new Problem("not_found");
  const after: AccountRow = {
    ...before,
    username: patch.username ?? before.username,
    displayName: patch.displayName ?? before.displayName,
    about: patch.about ?? before.about,
    email: patch.email === undefined ? before.email : patch.email,
  };
  const isTaken = (table: typeof usernames, name: string | null) => {
    const owner = name && state.get(table, { name })?.userId;
    return owner && owner !== userId;
  };
  if (isTaken(usernames, after.username)) return new Problem("username_taken");
  if (isTaken(emails, after.email)) return new Problem("email_taken");
  if (fields.every((field) => before[field] === after[field])) {
    return { reply: before };
  }
  return {
    fact: (numbers) => {
      const accountRev = numbers.rev(userId);
      const account = { ...after, accountRev };
      const { accountRev: _, ...me } = meOf(account);
      return {
        rows: [
          put(accounts, account),
          put(users, account),
          ...handOver(usernames, before.username, after.username, userId),
          ...handOver(emails, before.email, after.email, userId),
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

/** The old name is free and the new one taken, also for the next command of the batch. */
function handOver(
  table: typeof usernames,
  before: string | null,
  after: string | null,
  userId: UserId,
): Put[] {
  if (before === after) return [];
  return [
    ...(before === null ? [] : [put(table, { name: before, userId: null })]),
    ...(after === null ? [] : [put(table, { name: after, userId })]),
  ];
}
