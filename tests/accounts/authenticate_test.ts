import assert from "node:assert/strict";
import { createAuthenticate } from "../../src/accounts/authenticate.ts";
import type { Database } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import {
  type TestDatabase,
  testDatabase,
  testServer,
} from "../support/database.ts";
import { createGate } from "../gateway/gate.ts";

const hourAgo = () => new Date(Date.now() - 3_600_000);

/** People with a device each, last used an hour ago, whose tokens are their numbers. */
async function signedIn({ database }: TestDatabase, count: number) {
  const people = Array.from({ length: count }, (_, i) => ({
    userId: crypto.randomUUID() as UserId,
    deviceId: crypto.randomUUID() as DeviceId,
    token: String(i),
  }));
  for (const { userId, deviceId, token } of people) {
    await database.run(
      sql`insert into users
          (user_id, username, password_hash, display_name, account_rev)
        values (${userId}::uuid, ${token}, '', '', 1)`,
      sql`insert into devices
          (device_id, user_id, name, platform, last_used_at, account_rev)
        values (${deviceId}::uuid, ${userId}::uuid, '', '', ${hourAgo()}::timestamptz, 1)`,
    );
  }
  const accessTokens = {
    verify: (token: string) => {
      const { userId, deviceId } = people[Number(token)]!;
      const expiresAt = new Date(Date.now() + 60_000);
      return Promise.resolve({ userId, deviceId, expiresAt, jti: token });
    },
  };
  return { people, accessTokens, clock: Date.now };
}

const revoke = (db: Database, deviceId: DeviceId) =>
  db.run(
    sql`update devices set revoked_at = now() where device_id = ${deviceId}::uuid`,
  );

Deno.test("those who authenticate at once are asked for together, each for oneself", async () => {
  await using db = await testDatabase();
  const { people, ...parts } = await signedIn(db, 20);
  await revoke(db.database, people[7]!.deviceId);
  let scripts = 0;
  const counted: Database = {
    ...db.database,
    run: (...statements) => {
      scripts++;
      return db.database.run(...statements);
    },
  };
  const authenticate = createAuthenticate({ ...parts, db: counted });
  const answers = await Promise.allSettled(
    people.map(({ token }) => authenticate(token)),
  );
  answers.forEach((answer, i) => {
    if (i === 7) {
      assert.equal(answer.status, "rejected");
      assert.equal(answer.reason.code, "token_revoked");
    } else {
      assert.equal(answer.status, "fulfilled");
      assert.equal(answer.value.userId, people[i]!.userId);
      assert.equal(answer.value.deviceId, people[i]!.deviceId);
    }
  });
  // The first goes at once, the others gather behind it; the devices are touched in the same way.
  assert.ok(scripts <= 4, `${scripts} scripts`);
});

Deno.test("a device that was signed out while an earlier look was under way is out", async () => {
  await using db = await testDatabase();
  const { people: [ann, bob], ...parts } = await signedIn(db, 2);
  const gate = createGate();
  let looks = 0;
  const slow: Database = {
    ...db.database,
    async run(...statements) {
      const rows = await db.database.run(...statements);
      // It has looked, and has not answered yet.
      if (++looks === 1) await gate.pass();
      return rows;
    },
  };
  const authenticate = createAuthenticate({ ...parts, db: slow });
  const first = authenticate(ann!.token);
  await gate.reached;
  await revoke(db.database, bob!.deviceId);
  const second = assert.rejects(authenticate(bob!.token), {
    code: "token_revoked",
  });
  gate.open();
  await first;
  await second;
});

Deno.test("a device whose row somebody else is writing is not waited for", {
  // The embedded database runs one transaction after the other.
  ignore: testServer === null,
}, async () => {
  await using db = await testDatabase();
  const { people: [ann, bob], ...parts } = await signedIn(db, 2);
  const authenticate = createAuthenticate({ ...parts, db: db.database });
  await db.database.transaction(async (tx) => {
    await tx.run(
      sql`update devices set name = 'mine' where device_id = ${
        ann!.deviceId
      }::uuid`,
    );
    await Promise.all([authenticate(ann!.token), authenticate(bob!.token)]);
  });
  const [rows] = await db.database.run(
    sql<{ deviceId: DeviceId; isFresh: boolean }>`select device_id,
      last_used_at > now() - interval '1 minute' as is_fresh from devices`,
  );
  const isFresh = new Map(rows.map((row) => [row.deviceId, row.isFresh]));
  assert.equal(isFresh.get(ann!.deviceId), false);
  assert.equal(isFresh.get(bob!.deviceId), true);
});
