import { newKeyEntry } from "../../../src/lib/key_list.ts";
import { cpuSeconds } from "../cpu.ts";
import { Generator } from "../load/generator.ts";
import type {
  RelayLatency,
  RelayOrders,
  RelayTask,
} from "../load/relay_orders.ts";
import { plan } from "../plan.ts";
import { eachRelay, type PerRelay, relayHome } from "../relays.ts";
import { median } from "../statistics.ts";
import type { Bench } from "./bench.ts";

/** The drivers alone, from one isolate to another. */
export type RelayRates = PerRelay<RelayFigures>;

export interface RelayFigures extends RelayLatency {
  /** Announcements a second that arrive. */
  perSecond: number;
  /** The share of the published ones that did not. */
  lost: number;
  /** Processor time of both ends for one, in microseconds: not the database's or Redis's. */
  cpuUs: number;
}

export async function relayRates(bench: Bench): Promise<RelayRates> {
  const { processes, databases, say } = bench;
  const { rounds, latency, ...rate } = plan.relayRates;
  const databaseUrl = await databases.create("relays");
  const env = {
    DATABASE_URL: databaseUrl,
    MASTER_KEYS: newKeyEntry("bench"),
    JWT_KEYS: newKeyEntry("bench"),
  };
  return await eachRelay(say, "relay rates", async (relay) => {
    say(`relay rates: ${relay}`);
    await using home = await relayHome(relay);
    await using generator = await Generator.start<RelayOrders>(
      processes,
      "relay_main.ts",
      { relay, env: { ...env, ...home.env } } satisfies RelayTask,
    );
    const { pid } = generator.process;
    // What is compiled and opened at first use is not the driver's rate.
    await generator.tell("rate", rate);
    const waits = await generator.tell("latency", latency);
    const before = await cpuSeconds(pid);
    const results = [];
    for (let round = 0; round < rounds; round++) {
      results.push(await generator.tell("rate", rate));
    }
    const seconds = await cpuSeconds(pid) - before;
    const published = results.reduce((sum, each) => sum + each.published, 0);
    const arrived = results.reduce((sum, each) => sum + each.arrived, 0);
    return {
      ...waits,
      perSecond: median(results.map(({ perSecond }) => perSecond)),
      lost: 1 - arrived / published,
      cpuUs: seconds * 1e6 / arrived,
    };
  });
}
