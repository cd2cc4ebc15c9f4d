/**
 * Promises 1 to 5 at once, over three processes and a database that are killed, paused and cut off
 * from each other while 60 clients use them.
 *
 * PARLEY_SEED replays the operations and the faults (how they interleave is the machine's). `deno task
 * soak` is the long form.
 */
import { testServer } from "../support/database.ts";
import { needsPostgres } from "../support/postgres_server.ts";
import { drivers } from "./chaos/driver.ts";
import { run } from "./chaos/run.ts";

// It brings a server of its own; where the tests run on both kinds of database, once is enough.
const ignore = needsPostgres().ignore || testServer === null;
const seed = Number(Deno.env.get("PARLEY_SEED") || Date.now() % 2 ** 31);

for (const driver of drivers) {
  Deno.test(
    `amid faults of every kind people hold one conversation: ${driver.name} relay`,
    { ignore },
    async () => {
      const summary = await run({
        driver,
        seed,
        rounds: 1,
        operationsPerRound: 1000,
        thinkMs: 500,
        calmMs: 2000,
        sweepMs: 1500,
        absent: 0,
        relayMs: [1500, 2500],
        pauseMs: () => [4000, 5000],
      });
      console.log(summary);
    },
  );
}
