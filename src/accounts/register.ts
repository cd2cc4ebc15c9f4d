import { type Command, put, reads } from "../changes/mod.ts";
import { uniqueViolation } from "../db/database.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices } from "./device_list.ts";
import { type DeviceRow, refreshTokens } from "./device_store.ts";
import { publicProfile } from "./privacy.ts";
import type { SignIn } from "./session.ts";
import {
  type AccountRow,
  accounts,
  emails,
  nameConstraints,
  users,
} from "./store.ts";
import { isFree } from "./hold_username.ts";
import { usernames } from "./username_store.ts";

export interface NewAccount {
  readonly userId: UserId;
  readonly username: string;
  readonly email: string | null;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly signIn: SignIn;
  readonly now: Date;
}

export interface SignedIn {
  readonly account: AccountRow;
  readonly device: DeviceRow;
}

/** Makes an account with its first device. Nobody listens to it yet, so there are no events. */
export function register(wish: NewAccount): Command<SignedIn> {
  const { userId, username, email, displayName, passwordHash, signIn, now } =
    wish;
  return {
    scopes: [userId],
    reads: [
      reads(usernames, [{ name: username }]),
      reads(emails, email === null ? [] : [{ name: email }]),
    ],

    decide(state) {
      if (!isFree(state.get(usernames, { name: username })!, userId, now)) {
        return new Problem("username_taken");
      }
      if (email !== null && state.get(emails, { name: email })?.userId) {
        return new Problem("email_taken");
      }
      return {
        fact: (numbers) => {
          const account: AccountRow = {
            userId,
            username,
            email,
            passwordHash,
            displayName,
            about: "",
            createdAt: numbers.now,
            privacy: {},
            accountRev: numbers.rev(userId),
            deletedAt: null,
            eraseAfter: null,
          };
          const { row, devices: [device] } = changeDevices(
            state,
            numbers,
            userId,
            [{ ...signIn.device, userId }],
          );
          return {
            rows: [
              put(accounts, account),
              put(users, publicProfile(account)),
              put(usernames, {
                name: username,
                userId,
                heldUntil: null,
                heldFor: null,
              }),
              ...(email === null ? [] : [put(emails, { name: email, userId })]),
              row,
              put(refreshTokens, signIn.tokenRow),
            ],
            events: [],
            reply: { account, device: device! },
          };
        },
      };
    },
  };
}

/** Two isolates can give the same name away at once; then the constraint tells the second. */
export function nameProblem(error: unknown): unknown {
  const constraint = uniqueViolation(error);
  return constraint !== undefined && constraint in nameConstraints
    ? new Problem(nameConstraints[constraint as keyof typeof nameConstraints])
    : error;
}
