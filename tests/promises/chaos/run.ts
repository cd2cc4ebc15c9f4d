import { migrate } from "../../../src/db/migrate.ts";
import { startPostgres } from "../../support/postgres_server.ts";
import { newKeys } from "../../support/service.ts";
import { nothingChecked } from "./check.ts";
import type { Driver } from "./driver.ts";
import type { Fault } from "./fault.ts";
import { startFaultControl } from "./fault_control.ts";
import { createFaultLog } from "./fault_log.ts";
import { databaseFaults, processFaults, relayFaults } from "./faults.ts";
import { startFleet } from "./fleet.ts";
import { makePairs } from "./make_chats.ts";
import { createRandom } from "./random.ts";
import { playRound } from "./round.ts";
import { summary } from "./summary.ts";
import { World } from "./world.ts";

const processes = 3;
const manners = { answerMs: 2500, pingMs: 1000 } as const;

export interface RunOptions {
  readonly driver: Driver;
  readonly seed: number;
  /** Each has groups of its own, faults of every kind, and a check at its end. */
  readonly rounds: number;
  /** At least so many in a round; it goes on until its faults are over. */
  readonly operationsPerRound: number;
  /** Time that a client thinks between two operations, on average, in milliseconds. */
  readonly thinkMs: number;
  /** How long everybody acts before the first fault of a round, in milliseconds. */
  readonly calmMs: number;
  readonly sweepMs: number;
  /** How many people go away for a while at the end of a round, which takes the time of a lease. */
  readonly absent: number;
  /** How long a fault of the relay stands, in milliseconds. */
  readonly relayMs: Fault["holdMs"];
  /** How long a process is paused in a round, in milliseconds. */
  pauseMs(round: number): Fault["holdMs"];
  /** Called now and then with how far it is. */
  onProgress?(line: string): void;
  /** Ends it early, as a failure. */
  readonly signal?: AbortSignal;
}

const progressMs = 10_000;

/**
 * Runs processes of the service amid faults while people use it. Resolves with what was injected and
 * checked, to be printed; rejects with the first thing that is wrong.
 */
export async function run(options: RunOptions): Promise<string> {
  const { driver, seed, sweepMs, thinkMs } = options;
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startPostgres());
  await migrate(server.url);
  const ground = cleanup.use(await driver.start());
  const control = cleanup.use(startFaultControl());
  const fleet = cleanup.use(
    await startFleet({
      processes,
      isolates: driver.isolates,
      env: {
        DATABASE_URL: server.url,
        RELAY: driver.name,
        SWEEP_MS: String(sweepMs),
        FAULT_CONTROL: control.address,
        LOG_LEVEL: "error",
        ...newKeys(),
        ...ground.env,
      },
    }),
  );
  const random = createRandom(seed);
  const log = createFaultLog();
  const world = cleanup.use(
    await World.make({
      urls: fleet.urls,
      random,
      manners,
      silence: { log, crosses: driver.reach === "processes", sweepMs },
    }),
  );

  const since = performance.now();
  const actings: { readonly begun: number }[] = [];
  const operations = () => actings.reduce((sum, { begun }) => sum + begun, 0);
  const progress = setInterval(() => {
    options.onProgress?.(progressLine());
  }, progressMs);
  cleanup.defer(() => clearInterval(progress));

  function progressLine(): string {
    const s = Math.round((performance.now() - since) / 1000);
    const live = world.clients.filter(({ line }) => line).length;
    const mb = Math.round(Deno.memoryUsage().rss / 2 ** 20);
    const standing = log.past.filter(({ to }) => to === Infinity)
      .map(({ name }) => name).join(", ");
    return `${s} s: round ${actings.length}, ${operations()} operations, ` +
      `${live} live, ${mb} MB, ${standing || "calm"}`;
  }

  const checked = nothingChecked();
  try {
    for (const client of world.clients) client.start();
    await Promise.all(world.clients.map((client) => client.live()));
    const lasting = await makePairs(world, random.fork("pairs"));
    await Promise.all(world.clients.map((client) => client.live()));
    for (let round = 0; round < options.rounds; round++) {
      await playRound({
        world,
        random: random.fork(`round ${round}`),
        log,
        lasting,
        lanes: [
          // Without a relay there is nothing to do to it.
          driver.reach === "nothing"
            ? []
            : relayFaults(control, options.relayMs),
          processFaults(fleet, options.pauseMs(round)),
          [...databaseFaults(server), ...ground.faults],
        ],
        operations: options.operationsPerRound,
        thinkMs,
        calmMs: options.calmMs,
        reach: driver.reach,
        absent: options.absent,
        checked,
        signal: options.signal,
        onActing: (acting) => actings.push(acting),
      });
      const [first, ...more] = [
        ...world.wrongs(),
        ...complaints(fleet.lines),
      ];
      if (first !== undefined) {
        throw new Error(`${first} (and ${more.length} more like it)`);
      }
    }
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `${driver.name} relay, PARLEY_SEED=${seed}, round ${actings.length}: ${message}`,
      { cause: error },
    );
  }
  return summary({
    driver: driver.name,
    seed,
    processes,
    operations: operations(),
    ms: performance.now() - since,
    world,
    log,
    relay: control.counts,
    checked,
  });
}

/** What a process prints when nothing is wrong: the second is of Deno, when two start at once. */
const harmless = /^Parley is ready|^Blocking waiting for file lock/;

/** What processes printed that they should not: errors, and how they ended. */
const complaints = (lines: readonly string[]): string[] =>
  lines.filter((line) => !harmless.test(line));
