import { cpuSeconds } from "../cpu.ts";
import { createCrowd } from "../crowd.ts";
import type {
  CrowdOrders,
  CrowdTask,
  Return,
  SendsInStorm,
} from "../load/crowd_orders.ts";
import { Generator } from "../load/generator.ts";
import { peakMemory } from "../memory.ts";
import { plan } from "../plan.ts";
import { createParleyService } from "../systems/parley_service.ts";
import type { Bench } from "./bench.ts";

/** What happens when a service restarts and all its clients come back at once. */
export interface ReconnectStorm {
  clients: number;
  chatsEach: number;
  /** The service as it starts by itself, then with a bounded heap. */
  rounds: Storm[];
}

export interface Storm extends Return {
  /** V8's flags, where the service had any. */
  flags: string;
  /** Of the pairs that were back before everybody else, and of those among them. */
  before: SendsInStorm;
  among: SendsInStorm;
  /** Sends without an answer and clients without a connection at the end: none, one hopes. */
  lost: number;
  peakBytes: number;
  /** Processor seconds of the service and of the clients, until all were live. */
  cpuSeconds: { service: number; clients: number };
}

export async function reconnectStorm(bench: Bench): Promise<ReconnectStorm> {
  const { crowd: size, gatherAtOnce, writesPerSecond, calmMs, limitMs, flags } =
    plan.storm;
  const { processes, databases, say } = bench;
  const databaseUrl = await databases.create("storm");
  const service = await createParleyService({ processes, databaseUrl });
  let server = await service.start();
  say(`reconnect storm: making ${size.people} people and their chats`);
  const crowd = await createCrowd(databases, service, server.host, size);
  await databases.run(databaseUrl, "analyze");
  const rounds: Storm[] = [];

  for (const flag of flags) {
    try {
      rounds.push(await round(flag));
    } catch (error) {
      if (rounds.length === 0) throw error;
      const why = error instanceof Error ? error.message : String(error);
      say(`reconnect storm: leaving the round with ${flag} out: ${why}`);
    }
  }
  await server[Symbol.asyncDispose]();
  return { clients: size.people, chatsEach: crowd.chatsEach, rounds };

  async function round(flag: string): Promise<Storm> {
    await using generator = await Generator.start<CrowdOrders>(
      processes,
      "crowd_main.ts",
      crowd satisfies CrowdTask,
    );
    say(`reconnect storm: connecting ${size.people} clients`);
    await generator.tell("gather", { host: server.host, atOnce: gatherAtOnce });
    await generator.tell("write", { perSecond: writesPerSecond });
    await pause(calmMs);
    say(`reconnect storm: restarting ${flag}`);
    await server[Symbol.asyncDispose]();
    server = await service.start({ args: flag === "" ? [] : [flag] });
    const { host, process: { pid } } = server;
    const clientsPid = generator.process.pid;
    const clients = await cpuSeconds(clientsPid);
    const back = await generator.tell("comeBack", { host, limitMs });
    const cpu = {
      service: await cpuSeconds(pid),
      clients: await cpuSeconds(clientsPid) - clients,
    };
    await pause(calmMs);
    const sends = await generator.tell("stop", {});
    const peakBytes = await peakMemory(pid);
    return { flags: flag, ...back, ...sends, peakBytes, cpuSeconds: cpu };
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
