/**
 * The chaos test in its long form, by hand:
 *
 *     deno task soak [--driver=upstash] [--operations=100000] [--seed=1]
 *
 * Rounds of operations amid faults of every kind, each checked at its end, on a PostgreSQL of its own.
 */
import { drivers } from "../promises/chaos/driver.ts";
import { run } from "../promises/chaos/run.ts";
import { postgresPrograms } from "../support/programs.ts";

const operationsPerRound = 20_000;

const given = new Map(
  Deno.args.map((arg) => arg.replace(/^--/, "").split("=") as [string, string]),
);
const names = drivers.map(({ name }) => name);
const known = ["driver", "operations", "seed"];
const unknown = [...given.keys()].find((name) => !known.includes(name));
const driver = drivers.find(({ name }) =>
  name === (given.get("driver") ?? "postgres")
);
const operations = Number(given.get("operations") ?? 100_000);
const seed = Number(
  given.get("seed") ?? Deno.env.get("PARLEY_SEED") ?? Date.now() % 2 ** 31,
);

function refuse(why: string): never {
  console.error(
    `${why}. Options: --driver=${
      names.join("|")
    } --operations=100000 --seed=<number>`,
  );
  Deno.exit(2);
}

if (unknown !== undefined) refuse(`There is no option --${unknown}`);
if (!driver) refuse(`There is no driver '${given.get("driver")}'`);
if (!(operations > 0) || !Number.isInteger(seed)) refuse("Give numbers");
if (!postgresPrograms) refuse("PostgreSQL's programs are not installed");

const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort(new Error("stopped")));
console.log(`${driver.name} relay, PARLEY_SEED=${seed}`);
try {
  const summary = await run({
    driver,
    seed,
    rounds: Math.ceil(operations / operationsPerRound),
    operationsPerRound: Math.min(operations, operationsPerRound),
    thinkMs: 300,
    calmMs: 3000,
    sweepMs: 5000,
    absent: 6,
    relayMs: [2000, 8000],
    // Once for longer than the heartbeat allows; else for as long as clients put up with.
    pauseMs: (round) => round === 0 ? [56_000, 60_000] : [4000, 12_000],
    onProgress: (line) => console.log(line),
    signal: stop.signal,
  });
  console.log(summary);
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(1);
}
Deno.exit(0);
