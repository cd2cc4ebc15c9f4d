import assert from "node:assert/strict";
import {
  eraseLeaseMs,
  type EraseStep,
  type Erasure,
  startErasure,
} from "../../src/accounts/erase.ts";
import { holdMs } from "../../src/accounts/hold_username.ts";
import { sql } from "../../src/db/sql.ts";
import { type Background, createBackground } from "../../src/lib/background.ts";
import { createLog } from "../../src/lib/log.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import {
  answer,
  password,
  startAccounts,
  type TestService,
} from "./service.ts";

/** Sweeps when it is told to: the timer is too slow to matter. */
async function erasureOf(
  service: TestService,
  ...steps: EraseStep[]
): Promise<Erasure & { background: Background }> {
  const background = createBackground(
    createLog({ level: "warn", write: () => {} }),
  );
  const erasure = startErasure({
    db: service.db,
    clock: () => service.clock.ms,
    steps,
    background,
    intervalMs: 3_600_000,
  });
  // The sweep of the start finds nothing yet.
  await background.settled();
  return Object.assign(erasure, { background });
}

async function deletedAccount(
  service: TestService,
  username: string,
): Promise<UserId> {
  const { accessToken: token, user } = await service.register(username);
  await answer(
    await service.call("DELETE", "/me", { token, body: { password } }),
    204,
  );
  return user.userId;
}

const isErased = async ({ db }: TestService, userId: UserId) => {
  const [[row]] = await db.run(
    sql<{ done: boolean }>`select erase_after is null as done from users
      where user_id = ${userId}::uuid`,
  );
  return row!.done;
};

Deno.test("a deleted account is erased at once, and once more when all else is over", async () => {
  await using service = await startAccounts();
  const calls: string[] = [];
  const step = (name: string): EraseStep => (userId) => {
    calls.push(`${name} ${userId}`);
    return Promise.resolve();
  };
  await using erasure = await erasureOf(service, step("one"), step("two"));
  const ada = await deletedAccount(service, "ada");
  const once = [`one ${ada}`, `two ${ada}`];

  erasure.begin(ada);
  await erasure.background.settled();
  assert.deepEqual(calls, once);
  const [devices] = await service.db.run(sql`select 1 from devices`);
  assert.equal(devices.length, 0);

  service.clock.ms += eraseLeaseMs - 1;
  await erasure.sweep();
  assert.deepEqual(calls, once);
  assert.equal(await isErased(service, ada), false);

  service.clock.ms += 1;
  await erasure.sweep();
  assert.deepEqual(calls, [...once, ...once]);
  assert.equal(await isErased(service, ada), true);
  service.clock.ms += 2 * eraseLeaseMs;
  await erasure.sweep();
  assert.equal(calls.length, 4);
});

Deno.test("an account that nobody began to erase is found by the start of any isolate", async () => {
  await using service = await startAccounts();
  const ada = await deletedAccount(service, "ada");
  service.clock.ms += eraseLeaseMs;
  const erased: UserId[] = [];
  await using _erasure = await erasureOf(service, (userId) => {
    erased.push(userId);
    return Promise.resolve();
  });
  assert.deepEqual(erased, [ada]);
  assert.equal(await isErased(service, ada), true);
});

Deno.test("what fails is counted, holds up nobody else, and is tried again", async () => {
  await using service = await startAccounts();
  const [ada, ida] = [
    await deletedAccount(service, "ada"),
    await deletedAccount(service, "ida"),
  ];
  let broken = true;
  const done: UserId[] = [];
  await using erasure = await erasureOf(service, (userId) => {
    if (broken && userId === ada) return Promise.reject(new Error("Away"));
    done.push(userId);
    return Promise.resolve();
  });
  erasure.begin(ada);
  await erasure.background.settled();
  assert.equal(
    erasure.background.failures.get("erase a deleted account"),
    1,
  );
  service.clock.ms += eraseLeaseMs;
  await assert.rejects(erasure.sweep(), /Away/);
  assert.deepEqual(done, [ida]);
  assert.equal(await isErased(service, ida), true);
  assert.equal(await isErased(service, ada), false);

  broken = false;
  service.clock.ms += eraseLeaseMs;
  await erasure.sweep();
  assert.deepEqual(done, [ida, ada]);
  assert.equal(await isErased(service, ada), true);
});

Deno.test("isolates that sweep at the same time do not do each other's work", async () => {
  await using service = await startAccounts();
  const accounts = new Set<UserId>();
  for (let i = 0; i < 12; i++) {
    accounts.add(await deletedAccount(service, `ada${i}`));
  }
  const calls: UserId[] = [];
  const step: EraseStep = (userId) => {
    calls.push(userId);
    return Promise.resolve();
  };
  await using one = await erasureOf(service, step);
  await using two = await erasureOf(service, step);
  service.clock.ms += eraseLeaseMs;
  await Promise.all([one.sweep(), two.sweep(), one.sweep(), two.sweep()]);
  assert.equal(calls.length, accounts.size);
  assert.deepEqual(new Set(calls), accounts);
});

Deno.test("an isolate that stops in the middle leaves the rest to another one", async () => {
  await using service = await startAccounts();
  const ada = await deletedAccount(service, "ada");
  const reached = Promise.withResolvers<void>();
  const later: UserId[] = [];
  {
    await using stopping = await erasureOf(
      service,
      (_userId, signal) =>
        new Promise((_, reject) => {
          reached.resolve();
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      (userId) => {
        later.push(userId);
        return Promise.resolve();
      },
    );
    stopping.begin(ada);
    await reached.promise;
    await stopping[Symbol.asyncDispose]();
    await stopping.background.settled();
    assert.equal(stopping.background.failures.size, 0);
  }
  assert.deepEqual(later, []);
  assert.equal(await isErased(service, ada), false);
  service.clock.ms += eraseLeaseMs;
  await using other = await erasureOf(service);
  await other.sweep();
  assert.equal(await isErased(service, ada), true);
});

Deno.test("any number of old devices is erased, batch by batch", async () => {
  await using service = await startAccounts();
  const ada = await deletedAccount(service, "ada");
  const ida = await service.register("ida");
  await service.db.run(
    sql`insert into devices (device_id, user_id, name, platform, revoked_at, account_rev)
      select gen_random_uuid(), ${ada}::uuid, 'Old', 'web', now(), n
      from generate_series(10, 1300) n`,
  );
  const scripts: string[] = [];
  await using erasure = startErasure({
    db: {
      ...service.db,
      run: (...statements) => {
        scripts.push(...statements.map(({ text }) => text));
        return service.db.run(...statements);
      },
    },
    clock: () => service.clock.ms,
    steps: [],
    background: () => {},
  });
  service.clock.ms += eraseLeaseMs;
  await erasure.sweep();
  const [rows] = await service.db.run(
    sql<{ deviceId: string }>`select device_id from devices`,
  );
  assert.deepEqual(rows, [{ deviceId: ida.device.deviceId }]);
  const batches = scripts.filter((text) =>
    text.includes("delete from devices")
  );
  // 500, 500, 291 and the one that was signed in, and none.
  assert.equal(batches.length, 4);
  await answer(await service.call("GET", "/me", { token: ida.accessToken }));
});

Deno.test("names whose hold has run out are forgotten", async () => {
  await using service = await startAccounts();
  await deletedAccount(service, "ada");
  await using erasure = await erasureOf(service);
  const held = async () => {
    await erasure.sweep();
    const [rows] = await service.db.run(sql`select 1 from held_usernames`);
    return rows.length;
  };
  service.clock.ms += holdMs - 1;
  assert.equal(await held(), 1);
  service.clock.ms += 1;
  assert.equal(await held(), 0);
});
