import type { Databases } from "./databases.ts";
import type { Bench, Running } from "./parts/bench.ts";
import { coldStart } from "./parts/cold_start.ts";
import { connectionBytes } from "./parts/connection_bytes.ts";
import { durableSends } from "./parts/durable_sends.ts";
import { fanOut } from "./parts/fan_out.ts";
import { history } from "./parts/history.ts";
import type { Processes } from "./processes.ts";
import type { Report } from "./report.ts";
import { floor } from "./systems/floor.ts";
import { parley } from "./systems/parley.ts";
import { nodeVersion, socketio } from "./systems/socketio.ts";
import type { System, SystemName, SystemParts } from "./systems/system.ts";

/** The parts of the benchmark, by their names in the report, in the order in which they run. */
export const parts = {
  durableSends,
  fanOut,
  history,
  connectionBytes,
  coldStartMs: coldStart,
} as const;
export type PartName = keyof typeof parts;

export interface BenchOptions {
  processes: Processes;
  databases: Databases;
  only: readonly PartName[];
  say(line: string): void;
}

/** Starts the systems and runs the parts. A system or part that fails is left out, and says why. */
export async function bench(
  { processes, databases, only, say }: BenchOptions,
): Promise<Report> {
  const postgres = await databases.version();
  const node = await nodeVersion();
  const socketioRuntime = node === undefined
    ? `Deno ${Deno.version.deno}`
    : `Node ${node}`;
  if (node === undefined) {
    say("Node is not installed: Express and Socket.IO run on Deno");
  }
  const systems: Record<SystemName, (parts: SystemParts) => Promise<System>> = {
    parley,
    floor: (parts) => Promise.resolve(floor(parts)),
    socketio: (parts) =>
      Promise.resolve(socketio({ ...parts, onNode: node !== undefined })),
  };

  const running: Running[] = [];
  for (const [name, make] of Object.entries(systems)) {
    say(`starting ${name}`);
    try {
      const databaseUrl = await databases.create(name);
      const system = await make({ processes, databaseUrl });
      const server = await system.start();
      running.push({ system, server, world: await system.populate(server) });
    } catch (error) {
      say(`leaving ${name} out: ${reason(error)}`);
    }
  }

  if (running.length === 0) throw new Error("No system could be started");

  const context: Bench = { processes, databases, running, say };
  const report: Partial<Record<PartName, unknown>> = {};
  for (const part of only) {
    try {
      report[part] = await parts[part](context);
    } catch (error) {
      say(`leaving ${part} out: ${reason(error)}`);
    }
  }
  const machine = {
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    postgres,
    socketioRuntime,
  };
  return { ...report, machine } as Report;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
