import assert from "node:assert/strict";
import fc from "fast-check";
import { createLanes } from "../../src/changes/lanes.ts";
import { command, nameOf, quiet, stored } from "./held_lane.ts";

const scopes = Array.from({ length: 6 }, () => crypto.randomUUID());

Deno.test("lanes: whatever comes and lands when, each chat keeps its order", async () => {
  const wish = fc.record({
    scopes: fc.uniqueArray(fc.constantFrom(...scopes), {
      minLength: 1,
      maxLength: 3,
    }),
    isPoison: fc.boolean(),
  });
  const sizes = fc.record({
    batchSize: fc.integer({ min: 1, max: 4 }),
    lanes: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(wish, { maxLength: 30 }),
      sizes,
      fc.scheduler(),
      async (wishes, { batchSize, lanes }, scheduler) => {
        const announced: string[] = [];
        const busy = new Set<string>();
        let inFlight = 0;
        const lane = createLanes({
          async commit(commands) {
            const names = commands.map((each) => namesOf.get(each)!);
            const firsts = new Set(commands.map((each) => each.scopes[0]!));
            assert.ok(commands.length <= batchSize);
            assert.ok(++inFlight <= lanes);
            for (const each of firsts) {
              assert.ok(!busy.has(each), `${each} is in two batches`);
              busy.add(each);
            }
            await scheduler.schedule(Promise.resolve(), names.join());
            firsts.forEach((each) => busy.delete(each));
            inFlight--;
            if (names.some((name) => wishes[Number(name)]!.isPoison)) {
              throw new Error("Sunk");
            }
            return stored(names);
          },
          announce: (events) => announced.push(...events.map(nameOf)),
          now: () => 0,
          limits: {
            batchSize,
            batchBytes: 1000,
            batchKeys: 1000,
            waiting: 100,
            waitMs: 1000,
          },
        }, lanes);
        const commands = wishes.map(({ scopes }, i) => command(`${i}`, scopes));
        const namesOf = new Map<unknown, string>(
          commands.map((each) => [each, each.name]),
        );
        const settled = await scheduler.waitFor(
          Promise.allSettled(commands.map((each) => lane.submit(each))),
        );
        await lane.drained();
        assert.deepEqual(
          settled.map(({ status }) => status === "rejected"),
          wishes.map(({ isPoison }) => isPoison),
        );
        for (const chat of scopes) {
          const sound = wishes.flatMap(({ scopes, isPoison }, i) =>
            scopes[0] === chat && !isPoison ? [`${i}`] : []
          );
          assert.deepEqual(
            announced.filter((name) => sound.includes(name)),
            sound,
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("lanes: drained when all of them are", async () => {
  const gate = Promise.withResolvers<void>();
  const flown: string[] = [];
  const lanes = createLanes({
    async commit(commands) {
      const names = commands.map((each) => (each as { name?: string }).name!);
      flown.push(...names);
      await gate.promise;
      return stored(names);
    },
    announce: () => {},
    now: () => 0,
  }, 4);
  await lanes.drained();
  const replies = Array.from({ length: 40 }, (_, i) => {
    const scope = crypto.randomUUID().replace(/..$/, `${10 + i}`);
    return lanes.submit(command(`${i}`, [scope]));
  });
  let isDrained = false;
  const drained = lanes.drained().then(() => isDrained = true);
  await quiet();
  assert.deepEqual([flown.length, isDrained], [4, false]);
  gate.resolve();
  await drained;
  await Promise.all(replies);
  assert.equal(flown.length, 40);
});
