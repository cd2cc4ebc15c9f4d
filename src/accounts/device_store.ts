import type { ScopeId, Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { accountColumns, type AccountRow, type UserKey } from "./store.ts";

/** A sign-in. Times are as on the wire. */
export interface DeviceRow {
  readonly deviceId: DeviceId;
  readonly userId: UserId;
  readonly name: string;
  readonly platform: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly revokedAt: string | null;
  /** The account's counter when the device last changed. */
  readonly accountRev: number;
}

const wireTime = (column: Statement<unknown>) =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const deviceObject = sql`jsonb_build_object(
  'deviceId', devices.device_id, 'userId', devices.user_id,
  'name', devices.name, 'platform', devices.platform,
  'createdAt', ${wireTime(sql`devices.created_at`)},
  'lastUsedAt', ${wireTime(sql`devices.last_used_at`)},
  'revokedAt', ${wireTime(sql`devices.revoked_at`)},
  'accountRev', devices.account_rev)`;

/** The devices of a user that are signed in, and what the commands of this batch did to them. */
export interface DeviceList extends UserKey {
  readonly devices: readonly DeviceRow[];
  /** Those to write. */
  readonly changed: readonly DeviceId[];
}

/** The devices of a user belong together: which there are must be known under the lock. */
export const deviceLists: Table<UserKey, DeviceList> = {
  name: "deviceLists",
  id: ({ userId }) => userId,
  load: (keys) =>
    sql<DeviceList>`select user_id, '[]'::jsonb as changed,
        jsonb_agg(${deviceObject} order by last_used_at) as devices
      from devices where revoked_at is null and user_id = any(${
      keys.map(({ userId }) => userId)
    }::uuid[]) group by user_id`,
  save: (lists) => {
    const rows = lists.flatMap(({ devices, changed }) =>
      devices.filter(({ deviceId }) => changed.includes(deviceId))
    );
    const revoked = rows.filter(({ revokedAt }) => revokedAt !== null);
    return [
      // Not last_used_at: a request may have moved it since the row was read.
      sql`insert into devices (device_id, user_id, name, platform, created_at,
        last_used_at, revoked_at, account_rev) select * from ${
        table(rows, {
          deviceId: "uuid",
          userId: "uuid",
          name: "text",
          platform: "text",
          createdAt: "timestamptz",
          lastUsedAt: "timestamptz",
          revokedAt: "timestamptz",
          accountRev: "bigint",
        })
      } on conflict (device_id) do update set name = excluded.name,
        revoked_at = excluded.revoked_at, account_rev = excluded.account_rev`,
      ...(revoked.length === 0 ? [] : [
        sql`delete from refresh_tokens where device_id = any(${
          revoked.map(({ deviceId }) => deviceId)
        }::uuid[])`,
      ]),
    ];
  },
};

/** Devices changed after `rev`, oldest change first, revoked ones included. */
export const devicesSince = (
  userId: ScopeId,
  rev: number,
  limit: number,
): Statement<{ rev: number; device: DeviceRow }> =>
  sql<{ rev: number; device: DeviceRow }>`select account_rev as rev,
    ${deviceObject} as device from devices
    where user_id = ${userId}::uuid and account_rev > ${rev}
    order by account_rev limit ${limit}`;

/** A page of the devices that are signed in, in the order of their sign-in. */
export const devicePage = (
  userId: UserId,
  after: DeviceId | null,
  limit: number,
): Statement<{ device: DeviceRow }> =>
  sql<{ device: DeviceRow }>`select ${deviceObject} as device from devices
    where user_id = ${userId}::uuid and revoked_at is null and ${
    after === null ? sql`true` : sql`device_id > ${after}::uuid`
  } order by device_id limit ${limit}`;

/** A page of all devices, signed out or not, in the order of their sign-in. */
export const allDevices = (
  userId: UserId,
  after: DeviceId | null,
  limit: number,
): Statement<{ device: DeviceRow }> =>
  sql<{ device: DeviceRow }>`select ${deviceObject} as device from devices
    where user_id = ${userId}::uuid and ${
    after === null ? sql`true` : sql`device_id > ${after}::uuid`
  } order by device_id limit ${limit}`;

export interface DeviceStatusRow {
  readonly deviceId: DeviceId;
  readonly userId: UserId;
  readonly isRevoked: boolean;
  readonly lastUsedAt: Date;
}

/** Whether access tokens still count, for those of the named devices that exist. */
export const deviceStatuses = (
  deviceIds: readonly DeviceId[],
): Statement<DeviceStatusRow> =>
  sql<DeviceStatusRow>`select device_id, user_id,
    revoked_at is not null as is_revoked, last_used_at
    from devices where device_id = any(${deviceIds}::uuid[])`;

/** One whose row somebody else is writing is passed over: two that touch many must not wait for each other. */
export const touchDevices = (
  deviceIds: readonly DeviceId[],
  now: Date,
): Statement<never> =>
  sql`update devices set last_used_at = ${now}::timestamptz
    where device_id in (
      select device_id from devices
      where device_id = any(${deviceIds}::uuid[])
        and last_used_at < ${now}::timestamptz
      for no key update skip locked
    )`;

export interface RefreshTokenRow {
  readonly tokenHash: Uint8Array;
  readonly deviceId: DeviceId;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** To write the first token of a device, together with the device. */
export const refreshTokens: Table<
  Pick<RefreshTokenRow, "tokenHash">,
  RefreshTokenRow
> = {
  name: "refreshTokens",
  id: ({ tokenHash }) => tokenHash.toHex(),
  load: (keys) =>
    sql<RefreshTokenRow>`select token_hash, device_id, issued_at, expires_at
      from refresh_tokens where token_hash = any(${
      keys.map(({ tokenHash }) => tokenHash)
    }::bytea[])`,
  save: (rows) => [
    sql`insert into refresh_tokens (token_hash, device_id, issued_at, expires_at)
      select * from ${
      table(rows, {
        tokenHash: "bytea",
        deviceId: "uuid",
        issuedAt: "timestamptz",
        expiresAt: "timestamptz",
      })
    }`,
  ],
};

export interface Rotation {
  readonly spent: Uint8Array;
  readonly fresh: Uint8Array;
  readonly now: Date;
  readonly freshExpiresAt: Date;
}

/**
 * Spends a token for a fresh one; answers with its device and account, or with no row when it cannot
 * be spent. Of two at once, one wins. The device is locked before the token, as `deviceLists` does it,
 * so that a rotation and a revocation wait for each other and never both at once.
 */
export const rotate = (
  { spent, fresh, now, freshExpiresAt }: Rotation,
): Statement<AccountRow & { device: DeviceRow }> =>
  sql<AccountRow & { device: DeviceRow }>`with device as (
      select device_id from devices where revoked_at is null and device_id =
        (select device_id from refresh_tokens where token_hash = ${spent}::bytea)
      for update
    ), spent as (
      update refresh_tokens set used_at = ${now}::timestamptz from device
      where token_hash = ${spent}::bytea and used_at is null
        and expires_at > ${now}::timestamptz
      returning device.device_id
    ), fresh as (
      insert into refresh_tokens (token_hash, device_id, issued_at, expires_at)
      select ${fresh}::bytea, device_id, ${now}::timestamptz, ${freshExpiresAt}::timestamptz
      from spent
    ), touched as (
      update devices set last_used_at = ${now}::timestamptz from spent
      where devices.device_id = spent.device_id
      returning devices.user_id, ${deviceObject} as device
    )
    select ${accountColumns}, device from touched join users using (user_id)`;

/** The device of a token that was used before and has not run out: whoever brings it again stole it, or was robbed. */
export const deviceOfUsed = (
  tokenHash: Uint8Array,
  now: Date,
): Statement<Pick<DeviceRow, "deviceId" | "userId">> =>
  sql<Pick<DeviceRow, "deviceId" | "userId">>`select device_id, user_id
    from refresh_tokens join devices using (device_id)
    where token_hash = ${tokenHash}::bytea and used_at is not null
      and expires_at > ${now}::timestamptz`;

/** A rotation adds one token; clearing a few keeps the table from growing without a timer of its own. */
const clearedAtOnce = 20;

export const clearExpired = (now: Date): Statement<never> =>
  sql`delete from refresh_tokens where token_hash in (
    select token_hash from refresh_tokens where expires_at <= ${now}::timestamptz
    order by expires_at limit ${clearedAtOnce} for update skip locked)`;
