/** Promises 1 to 4 while a new version comes: three processes restarted one after the other, under load. */
import assert from "node:assert/strict";
import { act } from "./chaos/acting.ts";
import { check, nothingChecked } from "./chaos/check.ts";
import { startFaultControl } from "./chaos/fault_control.ts";
import { createFaultLog } from "./chaos/fault_log.ts";
import { startFleet } from "./chaos/fleet.ts";
import { makeGroups } from "./chaos/make_chats.ts";
import { createRandom } from "./chaos/random.ts";
import { World } from "./chaos/world.ts";
import { testDatabase, testServer } from "../support/database.ts";
import { newKeys } from "../support/service.ts";

const seed = Number(Deno.env.get("PARLEY_SEED") || Date.now() % 2 ** 31);
const sweepMs = 1500;

Deno.test("a rolling restart of three processes under load loses nothing", {
  ignore: testServer === null,
}, async () => {
  console.log(`PARLEY_SEED=${seed}`);
  await using db = await testDatabase();
  await using control = startFaultControl();
  await using fleet = await startFleet({
    processes: 3,
    isolates: 1,
    env: {
      DATABASE_URL: db.url,
      RELAY: "postgres",
      FAULT_CONTROL: control.address,
      SWEEP_MS: String(sweepMs),
      LOG_LEVEL: "error",
      ...newKeys(),
    },
  });
  const random = createRandom(seed);
  await using world = await World.make({
    urls: fleet.urls,
    random,
    manners: { answerMs: 10_000, pingMs: 5000 },
    silence: { log: createFaultLog(), crosses: true, sweepMs },
  });
  for (const client of world.clients) client.start();
  await Promise.all(world.clients.map((client) => client.live()));
  world.chats = await makeGroups(world, random.fork("groups"));

  const acting = act(world, random.fork("plans"), 300);
  async function restartAll() {
    for (const process of fleet.urls.keys()) {
      const before = acting.begun;
      await fleet.drain(process);
      await fleet.start(process);
      // Long enough for the others to be busy meanwhile, and for some to come back.
      while (acting.begun < before + 200) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
  await acting.during(restartAll());
  await acting.end();
  await Promise.all(world.clients.map((client) => client.live()));
  const checked = nothingChecked();
  await check(world, checked);
  assert.deepEqual(world.wrongs(), []);
  const closes = [...world.counts].filter(([what]) =>
    what.startsWith("closed with")
  );
  console.log(
    JSON.stringify({ operations: acting.begun, ...checked, chats: undefined }),
    JSON.stringify(Object.fromEntries(closes)),
  );
  // Each process told its clients to come back; without that they would have seen 1006.
  assert.ok(closes.some(([what]) => what === "closed with 1012"));
  const errors = fleet.lines.filter((line) => line.startsWith("{"));
  assert.deepEqual(errors, []);
});
