/**
 * The promises together: random operations of several people at once, against a model in memory.
 *
 * PARLEY_SEED replays the operations of a run (their interleaving is the machine's), PARLEY_RUNS makes
 * more or fewer runs.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import { anotherIsolate, testApp } from "../support/app.ts";
import { newPerson, type Person, personOf } from "../support/peer.ts";
import { planOf } from "./model/operation.ts";
import { actors, play } from "./model/play.ts";

const runs = Number(Deno.env.get("PARLEY_RUNS") || 2);
const seed = Number(Deno.env.get("PARLEY_SEED") || Date.now() % 2 ** 31);
/** Operations in one run. */
const length = 200;

async function check(
  people: readonly Person[],
  options: { isOneIsolate: boolean },
): Promise<void> {
  console.log(`${runs} runs with PARLEY_SEED=${seed}`);
  const totals = { operations: 0, refused: 0, events: 0 };
  const plans = fc.array(planOf(actors), {
    minLength: length,
    maxLength: length,
  });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { operations, refused, events } = await play(people, plan, options);
      totals.operations += operations;
      totals.refused += refused;
      totals.events += events;
    }),
    {
      numRuns: runs,
      seed,
      // No shrinking: the same operations interleave differently each time.
      endOnFailure: true,
      // Without the operations, which the seed gives again.
      reporter: ({ failed, numRuns, errorInstance }) => {
        if (!failed) return;
        const run = `run ${numRuns} of PARLEY_SEED=${seed}`;
        throw new Error(`Failed in ${run}`, { cause: errorInstance });
      },
    },
  );
  console.log(JSON.stringify(totals));
  assert.ok(totals.events > 0 && totals.refused > 0);
}

Deno.test("whatever people do at once, everyone sees what the model says", async () => {
  await using service = await testApp();
  const people = await Promise.all(
    Array.from({ length: actors }, () => newPerson(service.url)),
  );
  await check(people, { isOneIsolate: true });
  assert.deepEqual(service.complaints, []);
});

Deno.test("whatever people do at once on two isolates, everyone sees the same in the end", async () => {
  await using one = await testApp({ SWEEP_MS: "100" });
  await using two = await anotherIsolate(one);
  const people = await Promise.all(
    Array.from({ length: actors }, async (_, i) => {
      const { session } = await newPerson(one.url);
      return personOf(i % 2 ? one.url : two.url, session);
    }),
  );
  await check(people, { isOneIsolate: false });
  assert.deepEqual([...one.complaints, ...two.complaints], []);
});
