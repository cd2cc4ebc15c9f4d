import postgres from "postgres";
import type { Command, ScopeId } from "../../src/changes/mod.ts";
import type { Committed } from "../../src/changes/commit.ts";
import {
  createLane,
  type Lane,
  type LaneLimits,
} from "../../src/changes/lane.ts";
import type { UserId } from "../../src/protocol/ids.ts";

/** A batch that the lane has handed over, in flight until the test lands it. */
export interface Flight {
  /** The names of its commands, in order. */
  readonly names: readonly string[];
  /** All of it is stored: each command is announced by its name, and has it for a reply. */
  land(): void;
  fail(error: unknown): void;
}

interface Named extends Command<string> {
  readonly name: string;
}

/** A command that does nothing but have a name; it needs no database. */
export const command = (
  name: string,
  scopes: readonly string[],
  prepare?: () => Promise<void>,
  bytes = 0,
): Named => ({
  bytes,
  name,
  scopes: scopes as ScopeId[],
  reads: [],
  decide: () => ({ reply: name }),
  ...(prepare === undefined ? {} : { prepare }),
});

export interface HeldLane {
  readonly lane: Lane;
  /** Turned by the test. */
  readonly clock: { ms: number };
  /** What was announced and answered, in order. */
  readonly log: readonly string[];
  /** How many batches were handed over so far. */
  started(): number;
  /** The next batch, once it takes off. */
  flight(): Promise<Flight>;
  /** Submits a command. Never rejects: a refusal resolves with its code or message. */
  submit(wish: Named): Promise<string>;
}

/** A lane whose batches end up in the test's hands. */
export function heldLane(limits: Partial<LaneLimits> = {}): HeldLane {
  const clock = { ms: 0 };
  const log: string[] = [];
  const flights: Flight[] = [];
  const expecting: ((flight: Flight) => void)[] = [];
  let started = 0;

  const lane = createLane({
    commit(commands) {
      const { promise, resolve, reject } = Promise.withResolvers<Committed>();
      const names = commands.map((each) => (each as Named).name);
      const flight = {
        names,
        land: () => resolve(stored(names)),
        fail: reject,
      };
      started++;
      const next = expecting.shift();
      if (next) next(flight);
      else flights.push(flight);
      return promise;
    },
    announce: (events) => {
      log.push(...events.map((each) => `announced ${nameOf(each)}`));
    },
    now: () => clock.ms,
    limits: {
      batchSize: 8,
      batchBytes: 1000,
      batchKeys: 1000,
      waiting: 100,
      waitMs: 1000,
      ...limits,
    },
  });

  return {
    lane,
    clock,
    log,
    started: () => started,
    flight() {
      const flight = flights.shift();
      if (flight) return Promise.resolve(flight);
      const { promise, resolve } = Promise.withResolvers<Flight>();
      expecting.push(resolve);
      return promise;
    },
    async submit(wish) {
      try {
        const reply = await lane.submit(wish);
        log.push(`answered ${reply}`);
        return reply;
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        log.push(`refused ${wish.name}`);
        return code ?? message;
      }
    },
  };
}

/** Every command was stored, and announced by its name. */
export const stored = (names: readonly string[]): Committed => ({
  settled: names.map((reply) => ({ reply })),
  events: names.map((name) => ({
    account: name as UserId,
    event: { type: "account.behind", accountRev: 0 },
  })),
});

export const nameOf = (event: Committed["events"][number]): string =>
  "account" in event ? event.account : event.chat;

/** Resolves when everything that needs nothing from the test has happened. */
export const quiet = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 0));

/** An error as Postgres answers with it. */
export const postgresError = (
  code: string,
): Error =>
  new postgres.PostgresError(
    { code, message: `SQLSTATE ${code}` } as unknown as string,
  );
