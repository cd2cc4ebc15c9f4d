import type { Databases } from "./databases.ts";
import type { Bench, Running } from "./parts/bench.ts";
import { caches } from "./parts/caches.ts";
import { coldStart } from "./parts/cold_start.ts";
import { connectionBytes } from "./parts/connection_bytes.ts";
import { delivery } from "./parts/delivery.ts";
import { durableSends } from "./parts/durable_sends.ts";
import { fanOut } from "./parts/fan_out.ts";
import { idleCost } from "./parts/idle_cost.ts";
import { isolates } from "./parts/isolates.ts";
import { largeChats } from "./parts/large_chats.ts";
import { largeHello } from "./parts/large_hello.ts";
import { history } from "./parts/history.ts";
import { reconnectStorm } from "./parts/reconnect_storm.ts";
import { relayRates } from "./parts/relay_rates.ts";
import type { Processes } from "./processes.ts";
import type { Machine, Report } from "./report.ts";
import { floor } from "./systems/floor.ts";
import { parley } from "./systems/parley.ts";
import { nodeVersion, socketio } from "./systems/socketio.ts";
import type { System, SystemName, SystemParts } from "./systems/system.ts";

/** Those that hold the systems side by side. */
const besidePeers = { durableSends, fanOut, history, connectionBytes } as const;

/** The parts of the benchmark, by their names in the report, in the order in which they run. */
export const parts = {
  ...besidePeers,
  coldStart,
  largeHello,
  largeChats,
  caches,
  relayRates,
  delivery,
  idleCost,
  isolates,
  reconnectStorm,
} as const;
export type PartName = keyof typeof parts;

export interface BenchOptions {
  processes: Processes;
  databases: Databases;
  only: readonly PartName[];
  say(line: string): void;
}

/** Starts the systems where they are needed, and runs the parts. One that fails is left out, and says why. */
export async function bench(options: BenchOptions): Promise<Report> {
  const { processes, databases, only, say } = options;
  const machine: Machine = {
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    postgres: await databases.version(),
    loadAverage: Deno.loadavg()[0]!,
  };
  const running = only.some((part) => part in besidePeers)
    ? await startSystems(options, machine)
    : [];
  const context: Bench = { processes, databases, running, say };
  const report: Partial<Record<PartName, unknown>> = {};
  for (const part of only) {
    try {
      report[part] = await parts[part](context);
    } catch (error) {
      say(`leaving ${part} out: ${reason(error)}`);
    }
  }
  return { ...report, machine } as Report;
}

async function startSystems(
  { processes, databases, say }: BenchOptions,
  machine: Machine,
): Promise<Running[]> {
  const node = await nodeVersion();
  if (node === undefined) {
    say("Node is not installed: Express and Socket.IO run on Deno");
  }
  machine.socketioRuntime = node === undefined
    ? `Deno ${Deno.version.deno}`
    : `Node ${node}`;
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
  return running;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
