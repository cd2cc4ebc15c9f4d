import { Generator } from "../load/generator.ts";
import type { Orders, Task } from "../load/orders.ts";
import { plan } from "../plan.ts";
import {
  eachRelay,
  type PerRelay,
  relayHome,
  type RelayName,
} from "../relays.ts";
import { median } from "../statistics.ts";
import { populate } from "../systems/parley.ts";
import {
  createParleyService,
  type ParleyService,
  type StartOptions,
} from "../systems/parley_service.ts";
import type { Server } from "../systems/system.ts";
import type { Bench } from "./bench.ts";

/**
 * From a send on one process to its event on another. `local` is one process, and Deno KV two isolates
 * of one: its file does not tell other processes.
 */
export interface Delivery extends PerRelay<DeliveryFigures> {
  perSecond: number;
}

export interface DeliveryFigures {
  p50Ms: number;
  p99Ms: number;
  /** Messages that did not arrive within 5 s. */
  missing: number;
}

export async function delivery(bench: Bench): Promise<Delivery> {
  const { processes, databases, say } = bench;
  const { pairs, perSecond, rounds, ...stretch } = plan.delivery;
  const databaseUrl = await databases.create("delivery");
  const service = await createParleyService({ processes, databaseUrl });
  const world = await (async () => {
    await using server = await service.start();
    return await populate(server, pairs);
  })();

  const figures = await eachRelay(say, "delivery", async (name) => {
    say(`delivery: ${name}`);
    await using home = await relayHome(name);
    await using servers = new AsyncDisposableStack();
    const [here, there] = await startBoth(service, name, home.env);
    servers.use(here);
    servers.use(there);
    await using generator = await Generator.start<Orders>(
      processes,
      "main.ts",
      {
        system: "parley",
        host: here.host,
        receiverHost: there.host,
        world,
      } satisfies Task,
    );
    const results = [];
    for (let round = 0; round < rounds; round++) {
      results.push(await generator.tell("openLoop", { ...stretch, perSecond }));
    }
    return {
      p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
      missing: results.reduce((sum, { missing }) => sum + missing, 0),
    };
  });
  return { perSecond, ...figures };
}

async function startBoth(
  service: ParleyService,
  name: RelayName,
  env: NonNullable<StartOptions["env"]>,
): Promise<[Server, Server]> {
  if (name === "deno-kv") return await service.startTwins(env);
  const here = await service.start({ env });
  return [here, name === "local" ? here : await service.start({ env })];
}
