/**
 * Accounts: who people are (name, profile, password) and where they are signed in (devices).
 *
 * A device is one sign-in. It holds a refresh token, which is spent for the next one, and gets
 * access tokens that say whose and which device they are. Revoking the device ends both at once.
 * What an account's owner can see of it is changed through the spine, each change in the file named
 * after it, and numbered by `accountRev`; tokens are not seen and take no number.
 *
 * A deletion is one such change; what other capabilities hold of the account is erased after it
 * (`erase.ts`). The id stays, with a placeholder for a name, because what was said keeps its sender.
 *
 * @module
 */
import type { Changes } from "../changes/mod.ts";
import type { AccessTokens } from "../crypto/access_tokens.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { Database } from "../db/database.ts";
import type { Caller } from "../http/env.ts";
import { createBatcher } from "../lib/batcher.ts";
import type { Clock } from "../lib/clock.ts";
import type {
  Device,
  LoginRequest,
  Me,
  PasswordChange,
  ProfilePatch,
  RegisterRequest,
  User,
} from "../protocol/accounts.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { changePassword } from "./change_password.ts";
import { deleteAccount } from "./delete_account.ts";
import { findUsers } from "./find_users.ts";
import type { KnownDevices } from "./known_devices.ts";
import { listDevices } from "./list_devices.ts";
import { createReadUser } from "./read_user.ts";
import { createRecognise } from "./recognise.ts";
import { refresh } from "./refresh.ts";
import { nameProblem, register } from "./register.ts";
import { renameDevice } from "./rename_device.ts";
import { revokeDevice } from "./revoke_device.ts";
import { revokeOthers } from "./revoke_others.ts";
import { type Grant, grant, newSignIn } from "./session.ts";
import { deviceOf, meOf } from "./shape.ts";
import { signInWithPassword } from "./sign_in.ts";
import { signOut } from "./sign_out.ts";
import { account, hidingReads, ownProfiles, profiles } from "./store.ts";
import { updateProfile } from "./update_profile.ts";

export { accountRoutes } from "./routes.ts";
export { type EraseStep, type Erasure, startErasure } from "./erase.ts";
export { createKnownDevices, type KnownDevices } from "./known_devices.ts";
export { type Grant } from "./session.ts";
export { deviceOf, meOf, userOf } from "./shape.ts";
export {
  allDevices,
  type DeviceRow,
  devicesSince,
  deviceStatuses,
} from "./device_store.ts";
export { isPublic, openToAll } from "./privacy.ts";
export { heldFor } from "./username_store.ts";
export {
  account,
  type AccountRow,
  accountSince,
  presentUser,
  privacies,
  profiles,
  type UserRow,
  users,
} from "./store.ts";

/** Every verb rejects with a `Problem`. */
export interface Accounts {
  register(request: RegisterRequest): Promise<Grant>;
  login(request: LoginRequest): Promise<Grant>;
  /** Spends the refresh token. One that was spent before revokes its device. */
  refresh(refreshToken: string): Promise<Grant>;
  /** The caller behind an access token whose device is still signed in. */
  readonly authenticate: Authenticate;
  /** The same for reads: a device that was signed in a moment ago may be taken for signed in. */
  readonly recognise: Authenticate;
  me(userId: UserId): Promise<Me>;
  /** Another email address needs the password, unless the device has signed in just now. */
  updateProfile(
    caller: Pick<Caller, "userId" | "deviceId">,
    patch: ProfilePatch,
  ): Promise<Me>;
  /** Signs every other device out. */
  changePassword(
    caller: Pick<Caller, "userId" | "deviceId">,
    change: PasswordChange,
  ): Promise<void>;
  listDevices(
    caller: Pick<Caller, "userId" | "deviceId">,
    query: ListQuery,
  ): Promise<List<Device>>;
  renameDevice(
    caller: Pick<Caller, "userId" | "deviceId">,
    deviceId: DeviceId,
    name: string,
  ): Promise<Device>;
  /** Signs the caller's own device out, at once and on every isolate. */
  signOut(caller: Pick<Caller, "userId" | "deviceId">): Promise<void>;
  /** The same for any device of the caller's. */
  revokeDevice(
    caller: Pick<Caller, "userId" | "deviceId">,
    deviceId: DeviceId,
  ): Promise<void>;
  /** The same for all of them but the one that asks. */
  revokeOthers(caller: Pick<Caller, "userId" | "deviceId">): Promise<void>;
  /**
   * Ends the account. Resolves once nobody can sign in to it any more; what else is held of it is erased
   * after that.
   */
  delete(userId: UserId, password: string): Promise<void>;
  /** As everybody may see the person. */
  user(userId: UserId): Promise<User>;
  /** Whether the person hides from anybody what she has read. */
  hidesReads(userId: UserId): Promise<boolean>;
  /** As the person herself does. */
  self(userId: UserId): Promise<User>;
  findUsers(query: ListQuery & { readonly query: string }): Promise<List<User>>;
}

export interface AccountsParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly passwords: Passwords;
  readonly accessTokens: AccessTokens;
  readonly clock: Clock;
  newId(): string;
  /** Which devices were signed in a moment ago; absent where every request asks. */
  readonly knownDevices?: KnownDevices;
  /** Called once it is stored that somebody shows other things to others. */
  onPrivacy(userId: UserId): void;
  /** Called for an account that was just deleted, to erase what others hold of it. */
  onDeleted(userId: UserId): void;
}

export function createAccounts(parts: AccountsParts): Accounts {
  const { db, changes, passwords, accessTokens, newId, knownDevices } = parts;
  const authenticate = createAuthenticate(parts);

  /** The hash that the password fits. */
  async function verified(userId: UserId, password: string): Promise<string> {
    const [[row]] = await db.run(account(userId));
    // Deleted since the caller came through the door.
    if (!row) throw new Problem("token_revoked");
    if (!await passwords.verify(row.passwordHash, password)) {
      throw new Problem("bad_credentials");
    }
    return row.passwordHash;
  }

  return {
    async register({ username, email, displayName, password, device }) {
      const signIn = await newSignIn(parts, device);
      const made = await changes.submit(register({
        userId: newId() as UserId,
        username,
        email: email ?? null,
        displayName: displayName ?? username,
        passwordHash: await passwords.hash(password),
        signIn,
        now: new Date(parts.clock()),
      })).catch((error) => {
        throw nameProblem(error);
      });
      return grant(
        accessTokens,
        made.account,
        made.device,
        signIn.refreshToken,
      );
    },

    async login(request) {
      const signIn = await newSignIn(parts, request.device);
      const { account, device } = await signInWithPassword(
        parts,
        request,
        signIn,
      );
      return grant(accessTokens, account, device, signIn.refreshToken);
    },

    async refresh(token) {
      const { account, device, refreshToken } = await refresh(parts, token);
      return grant(accessTokens, account, device, refreshToken);
    },

    authenticate,
    recognise: knownDevices
      ? createRecognise({ accessTokens, authenticate, devices: knownDevices })
      : authenticate,

    async me(userId) {
      const [[row]] = await db.run(account(userId));
      if (!row) throw new Problem("not_found");
      return meOf(row);
    },

    async updateProfile({ userId, deviceId }, { password, ...patch }) {
      const verifiedHash = password === undefined
        ? undefined
        : await verified(userId, password);
      const now = new Date(parts.clock());
      try {
        const row = await changes.submit(
          updateProfile({ userId, deviceId, patch, verifiedHash, now }),
        );
        if (patch.privacy) parts.onPrivacy(userId);
        return meOf(row);
      } catch (error) {
        throw nameProblem(error);
      }
    },

    async changePassword({ userId, deviceId }, { current, next }) {
      const verifiedHash = await verified(userId, current);
      const nextHash = await passwords.hash(next);
      await changes.submit(
        changePassword({ userId, deviceId, verifiedHash, nextHash }),
      );
    },

    async delete(userId, password) {
      for (let tries = 2;; tries--) {
        const verifiedHash = await verified(userId, password);
        try {
          await changes.submit(deleteAccount({ userId, verifiedHash }));
          break;
        } catch (error) {
          // The hash was renewed or the password changed in between: look again.
          const isChanged = error instanceof Problem &&
            error.code === "conflict";
          if (!isChanged) throw error;
          if (tries === 1) {
            throw new Problem("unavailable", { retryAfterMs: 1000 });
          }
        }
      }
      parts.onDeleted(userId);
    },

    listDevices: ({ userId, deviceId }, query) =>
      listDevices(db, userId, deviceId, query),

    async renameDevice(caller, deviceId, name) {
      const row = await changes.submit(
        renameDevice(caller.userId, deviceId, name),
      );
      return deviceOf(row, caller.deviceId);
    },

    signOut: (caller) => signOut(changes, caller),

    async revokeDevice({ userId, deviceId: by }, deviceId) {
      await changes.submit(revokeDevice({ userId, by, deviceId }));
    },

    async revokeOthers({ userId, deviceId }) {
      await changes.submit(revokeOthers(userId, deviceId));
    },

    user: createReadUser(db, profiles),
    hidesReads: createBatcher<UserId, boolean>(async (userIds) => {
      const [rows] = await db.run(hidingReads(userIds));
      const hiding = new Set(rows.map(({ userId }) => userId));
      return userIds.map((userId) => hiding.has(userId));
    }, {
      batchSize: 500,
      waiting: 20_000,
      refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
    }),
    self: createReadUser(db, ownProfiles),

    findUsers: (query) => findUsers(db, query),
  };
}
