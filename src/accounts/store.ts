import type { ScopeId, State, Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { UserId } from "../protocol/ids.ts";
import type { StoredPrivacy } from "./privacy.ts";

export interface UserKey {
  readonly userId: UserId;
}

/** A profile as everybody may see it. */
export interface UserRow extends UserKey {
  /** null once the account was deleted; the rest is the placeholder then. */
  readonly username: string | null;
  readonly displayName: string;
  readonly about: string;
}

const userColumns = sql`user_id, username, display_name, public_about as about`;

/** Profiles, to read. They are written through `accounts`, which keeps both in step. */
export const users: Table<UserKey, UserRow> = {
  name: "users",
  id: ({ userId }) => userId,
  load: (keys) => profiles(keys.map(({ userId }) => userId)),
  save: () => [],
};

/** The profiles of those of the named users that exist. */
export const profiles = (userIds: readonly UserId[]): Statement<UserRow> =>
  sql<
    UserRow
  >`select ${userColumns} from users where user_id = any(${userIds}::uuid[])`;

/** The profile as its owner sees it. */
export const ownProfiles = (
  userIds: readonly UserId[],
): Statement<UserRow> =>
  sql<UserRow>`select user_id, username, display_name, about from users
    where user_id = any(${userIds}::uuid[])`;

/** Those of the people who hide from anybody what they have read. */
export const hidingReads = (userIds: readonly UserId[]): Statement<UserKey> =>
  sql<UserKey>`select user_id from users
    where user_id = any(${userIds}::uuid[]) and hides_reads`;

/** What people show and allow, to read under the lock; nothing of those who show and allow everything. */
export interface PrivacyRow extends UserKey {
  readonly privacy: StoredPrivacy;
}

/** Written through `accounts`. */
export const privacies: Table<UserKey, PrivacyRow> = {
  name: "privacies",
  id: ({ userId }) => userId,
  load: (keys) =>
    sql<PrivacyRow>`select user_id, privacy from users
      where user_id = any(${
      keys.map(({ userId }) => userId)
    }::uuid[]) and privacy <> '{}'`,
  save: () => [],
};

/** A whole account, as stored. */
export interface StoredAccount extends UserRow {
  readonly email: string | null;
  /** Empty once deleted: no password has such a hash. */
  readonly passwordHash: string;
  readonly createdAt: Date;
  readonly privacy: StoredPrivacy;
  /** The account's counter when the profile last changed. */
  readonly accountRev: number;
  readonly deletedAt: Date | null;
  /** While not null, the account is deleted and other tables may still hold something of it. */
  readonly eraseAfter: Date | null;
}

/** An account that was not deleted. */
export interface AccountRow extends StoredAccount {
  readonly username: string;
  readonly deletedAt: null;
  readonly eraseAfter: null;
}

export const accountColumns =
  sql`user_id, username, email, password_hash, display_name, about,
  created_at, privacy, account_rev, deleted_at, erase_after`;

export const accounts: Table<UserKey, StoredAccount> = {
  name: "accounts",
  id: ({ userId }) => userId,
  load: (keys) =>
    sql<StoredAccount>`select ${accountColumns} from users
      where user_id = any(${keys.map(({ userId }) => userId)}::uuid[])`,
  save: (rows) => [
    sql`insert into users (${accountColumns}) select * from ${
      table(rows.map(withText), {
        userId: "uuid",
        username: "text",
        email: "text",
        passwordHash: "text",
        displayName: "text",
        about: "text",
        createdAt: "timestamptz",
        privacy: "jsonb",
        accountRev: "bigint",
        deletedAt: "timestamptz",
        eraseAfter: "timestamptz",
      })
    } on conflict (user_id) do update set username = excluded.username,
      email = excluded.email, password_hash = excluded.password_hash,
      display_name = excluded.display_name, about = excluded.about,
      privacy = excluded.privacy, privacy_xid = case
        when excluded.privacy = users.privacy then users.privacy_xid
        else pg_current_xact_id()
      end,
      account_rev = excluded.account_rev, deleted_at = excluded.deleted_at,
      erase_after = excluded.erase_after`,
  ],
};

const withText = ({ privacy, ...row }: StoredAccount) => ({
  ...row,
  privacy: JSON.stringify(privacy),
});

/** The account, unless it was deleted. */
export function liveAccount(
  state: State,
  userId: UserId,
): AccountRow | undefined {
  const account = state.get(accounts, { userId });
  return account && isLive(account) ? account : undefined;
}

const isLive = (account: StoredAccount): account is AccountRow =>
  account.deletedAt === null;

/** The person, unless there is none or the account was deleted. Needs the row of `users`. */
export function presentUser(state: State, userId: UserId): UserRow | undefined {
  const user = state.get(users, { userId });
  return user?.username === null ? undefined : user;
}

export const account = (userId: UserId): Statement<AccountRow> =>
  sql<AccountRow>`select ${accountColumns} from users
    where user_id = ${userId}::uuid and deleted_at is null`;

/** Who has an email address; null where somebody has just given it up. Written through `accounts`. */
export interface EmailRow {
  readonly name: string;
  readonly userId: UserId | null;
}

export const emails: Table<{ name: string }, EmailRow> = {
  name: "emails",
  id: ({ name }) => name,
  load: (keys) =>
    sql<EmailRow>`select email as name, user_id from users
      where email = any(${keys.map(({ name }) => name)}::text[])`,
  save: () => [],
};

/** The constraints behind the names, for a race that only they can see. */
export const nameConstraints = {
  users_username: "username_taken",
  users_email: "email_taken",
} as const;

/** What is needed to check a password, by user. */
export type Credentials = Pick<AccountRow, "userId" | "passwordHash">;

/** Usernames hold no `@`, email addresses do: a login can only be one of them. */
export const credentialsOf = (login: string): Statement<Credentials> =>
  login.includes("@")
    ? sql<
      Credentials
    >`select user_id, password_hash from users where email = ${login}`
    : sql<
      Credentials
    >`select user_id, password_hash from users where username = ${login}`;

/** The account where its profile changed after `rev`. */
export const accountSince = (
  userId: ScopeId,
  rev: number,
  limit: number,
): Statement<AccountRow & { rev: number }> =>
  sql<AccountRow & { rev: number }>`select ${accountColumns}, account_rev as rev
    from users where user_id = ${userId}::uuid and account_rev > ${rev}
      and deleted_at is null limit ${limit}`;

/** Text as the beginning that LIKE is to look for. */
const beginning = (text: string) => `${text.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** A page of those whose username begins with the text, by username. */
export const usersByUsername = (
  query: string,
  after: string,
  limit: number,
): Statement<UserRow> =>
  sql<UserRow>`select ${userColumns} from users
    where username like lower(${beginning(query)}) and username ~>~ ${after}
    order by username using ~<~ limit ${limit}`;

/** So many display names one page looks through: most are the username again, which was found before. */
const stretch = 1000;

interface NamePlace {
  readonly name: string;
  readonly userId: UserId;
}

const displayNames = (query: string, after: NamePlace | null) =>
  sql`users where lower(display_name) like lower(${beginning(query)}) and ${
    after === null ? sql`true` : sql`lower(display_name) ~>=~ ${after.name}
        and (lower(display_name) <> ${after.name} or user_id > ${after.userId}::uuid)`
  } order by lower(display_name) using ~<~, user_id`;

/**
 * A page of those whose display name alone begins with the text, by that name, among the next so many
 * whose display name does.
 */
export const usersByDisplayName = (
  query: string,
  after: NamePlace | null,
  limit: number,
): Statement<UserRow & { name: string }> =>
  sql<UserRow & { name: string }>`select * from (
      select ${userColumns}, lower(display_name) as name
      from ${displayNames(query, after)} limit ${stretch}
    ) next where username not like lower(${beginning(query)})
    order by name using ~<~, user_id limit ${limit}`;

/** Where that page ends its search; no row where there is nobody after. */
export const displayNameStretchEnd = (
  query: string,
  after: NamePlace | null,
): Statement<NamePlace> =>
  sql<NamePlace>`select lower(display_name) as name, user_id
    from ${displayNames(query, after)} offset ${stretch - 1} limit 1`;
