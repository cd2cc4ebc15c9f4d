import assert from "node:assert/strict";
import { createKnownDevices } from "../../src/accounts/known_devices.ts";
import { createRecognise } from "../../src/accounts/recognise.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { createGate } from "../gateway/gate.ts";

const userId = crypto.randomUUID() as UserId;
const deviceId = crypto.randomUUID() as DeviceId;
const boundMs = 5000;

/** One device whose sign-out the test decides on, and a clock that the test moves. */
function stage({ people = 100 } = {}) {
  const world = {
    ms: 0,
    signedIn: true,
    /** How often the database was asked. */
    asked: 0,
    heardSince: undefined as number | undefined,
    /** What happens between the database's answer and its arrival. */
    underWay: () => Promise.resolve(),
  };
  const devices = createKnownDevices({
    now: () => world.ms,
    heardSince: () => world.heardSince,
    boundMs,
    people,
  });
  const expiresAt = new Date(0);
  const recognise = createRecognise({
    accessTokens: {
      verify: () => Promise.resolve({ userId, deviceId, expiresAt, jti: "" }),
    },
    async authenticate() {
      world.asked++;
      const { signedIn } = world;
      await world.underWay();
      if (!signedIn) throw new Problem("token_revoked");
      return { userId, deviceId, expiresAt };
    },
    devices,
  });
  return { world, devices, read: () => recognise("token") };
}

const revoked = { code: "token_revoked" };

Deno.test("a device is known for a second where nobody would tell of its sign-out", async () => {
  const { world, read } = stage();
  await read();
  world.signedIn = false;
  world.ms = 1000;
  await read();
  assert.equal(world.asked, 1);
  world.ms = 1001;
  await assert.rejects(read(), revoked);
});

Deno.test("a device is known until the sweep interval is over where the relay would tell, and no longer", async () => {
  const { world, read } = stage();
  world.heardSince = 0;
  await read();
  // The relay is dead, and nobody knows.
  world.signedIn = false;
  world.ms = boundMs;
  await read();
  assert.equal(world.asked, 1);
  world.ms = boundMs + 1;
  await assert.rejects(read(), revoked);
});

Deno.test("what was known before this isolate began to listen is known for a second alone", async () => {
  const { world, read } = stage();
  await read();
  // What was told between the look and this was not heard.
  world.heardSince = 500;
  world.signedIn = false;
  world.ms = 1001;
  await assert.rejects(read(), revoked);
});

Deno.test("the age of what is known counts from before the database was asked", async () => {
  const { world, read } = stage();
  const gate = createGate();
  world.underWay = () => gate.pass();
  const slow = read();
  await gate.reached;
  world.signedIn = false;
  world.ms = 1001;
  gate.open();
  await slow;
  await assert.rejects(read(), revoked);
});

for (
  const [what, hear] of [
    ["news of the account", "forget"],
    ["a gap in the news", "forgetAll"],
  ] as const
) {
  Deno.test(`${what}: the device is asked for again at once`, async () => {
    const { world, devices, read } = stage();
    await read();
    devices.forget([crypto.randomUUID()]);
    await read();
    assert.equal(world.asked, 1, "news of others");
    world.signedIn = false;
    devices[hear]([userId]);
    await assert.rejects(read(), revoked);
  });

  Deno.test(`${what} while the database is asked: its answer is not kept`, async () => {
    const { world, devices, read } = stage();
    const gate = createGate();
    world.underWay = () => gate.pass();
    const overtaken = read();
    await gate.reached;
    world.signedIn = false;
    devices[hear]([userId]);
    gate.open();
    await overtaken;
    await assert.rejects(read(), revoked);
  });
}

Deno.test("no more people are known than may be", () => {
  const { devices } = stage({ people: 2 });
  const people = Array.from(
    { length: 3 },
    () => crypto.randomUUID() as UserId,
  );
  for (const person of people) {
    using look = devices.look(person);
    look.found(deviceId);
  }
  assert.deepEqual(
    people.map((person) => devices.has(person, deviceId)),
    [false, true, true],
  );
});
