// The two ends of a relay, each in an isolate, in a process of their own.
import { percentile } from "../statistics.ts";
import { obeyOrders } from "./obey.ts";
import { pause } from "./pause.ts";
import type {
  EndOrder,
  Heard,
  RelayOrders,
  RelayTask,
} from "./relay_orders.ts";

/** What has not arrived after so long a silence does not. */
const silenceMs = 2000;

function openEnd(env: Record<string, string>) {
  const worker = new Worker(new URL("./relay_end.ts", import.meta.url), {
    type: "module",
  });
  const ask = <T>(order: EndOrder) =>
    new Promise<T>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(order);
    });
  return { ask, opened: ask<null>({ do: "open", env }) };
}

type End = ReturnType<typeof openEnd>;

async function openEnds({ env, relay }: RelayTask): Promise<[End, End]> {
  const here = openEnd(env);
  await here.opened;
  // The local relay reaches its own isolate alone.
  const there = relay === "local" ? here : openEnd(env);
  await there.opened;
  await there.ask({ do: "hear" });
  return [here, there];
}

/** All that arrives of so many. */
async function arrival(there: End, published: number): Promise<Heard> {
  const all: Heard = { arrived: 0, lastAt: 0, latenciesMs: [] };
  let quietMs = 0;
  while (all.arrived < published && quietMs < silenceMs) {
    const more = await there.ask<Heard>({ do: "report" });
    quietMs = more.arrived > 0 ? 0 : quietMs + 50;
    all.arrived += more.arrived;
    all.lastAt = Math.max(all.lastAt, more.lastAt);
    all.latenciesMs = all.latenciesMs.concat(more.latenciesMs);
    await pause(50);
  }
  return all;
}

await obeyOrders<RelayTask>((task) => {
  const opened = openEnds(task);
  const handlers: {
    [O in keyof RelayOrders]: (
      ask: RelayOrders[O]["ask"],
    ) => Promise<RelayOrders[O]["answer"]>;
  } = {
    async rate(ask) {
      const [here, there] = await opened;
      const { since, published } = await here.ask<
        { since: number; published: number }
      >({ do: "publish", ...ask });
      const { arrived, lastAt } = await arrival(there, published);
      const seconds = (lastAt - since) / 1000;
      return { perSecond: arrived / seconds, published, arrived };
    },
    async latency(ask) {
      const [here, there] = await opened;
      const { published } = await here.ask<{ published: number }>({
        do: "tick",
        ...ask,
      });
      const { latenciesMs } = await arrival(there, published);
      return {
        p50Ms: percentile(latenciesMs, 0.5),
        p99Ms: percentile(latenciesMs, 0.99),
      };
    },
  };
  return (order, ask) => handlers[order as keyof RelayOrders](ask);
});
