/// <reference lib="deno.worker" />
import { createDenoKvRelay } from "../../src/relay/deno_kv.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { testEnvelope } from "./listener.ts";
import type { WorkerNews, WorkerOrder } from "./worker_relay.ts";

const tell = (news: WorkerNews) => self.postMessage(news);
const subscriptions = new Map<number, AsyncDisposable>();
let kv: Deno.Kv;
let relay: Relay;

async function obey(order: Exclude<WorkerOrder, { do: "open" }>) {
  if (order.do === "publish") await relay.publish(order.shard, order.batch);
  else if (order.do === "subscribe") {
    const subscription = order.id;
    subscriptions.set(
      subscription,
      await relay.subscribe(
        order.shard,
        (batch) => tell({ say: "heard", subscription, batch }),
        () => tell({ say: "gap", subscription }),
      ),
    );
  } else if (order.do === "leave") {
    await subscriptions.get(order.subscription)![Symbol.asyncDispose]();
  } else {
    await relay[Symbol.asyncDispose]();
    kv.close();
  }
}

self.onmessage = async ({ data: order }: MessageEvent<WorkerOrder>) => {
  if (order.do === "open") {
    kv = await Deno.openKv(order.path);
    relay = createDenoKvRelay({
      kv,
      envelope: testEnvelope(order.keys),
      onFailure: reportError,
    });
    tell({ say: "opened" });
    return;
  }
  try {
    await obey(order);
    tell({ say: "done", id: order.id });
  } catch (error) {
    tell({ say: "done", id: order.id, failure: String(error) });
  }
};
