import type { Announcement, Relay } from "../../src/relay/relay.ts";

/** What the isolate that asks says. */
export type WorkerOrder =
  | { do: "open"; path: string; keys: string }
  | { do: "publish"; id: number; shard: number; batch: readonly Announcement[] }
  | { do: "subscribe"; id: number; shard: number }
  | { do: "leave"; id: number; subscription: number }
  | { do: "close"; id: number };

/** What the isolate that has the relay says. */
export type WorkerNews =
  | { say: "opened" }
  | { say: "done"; id: number; failure?: string }
  | { say: "heard"; subscription: number; batch: readonly Announcement[] }
  | { say: "gap"; subscription: number };

/** A Deno KV relay in an isolate of its own, over a database that others have open too. */
export async function openWorkerRelay(
  path: string,
  keys: string,
): Promise<Relay> {
  const worker = new Worker(new URL("./relay_worker.ts", import.meta.url), {
    type: "module",
  });
  const opened = Promise.withResolvers<void>();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const listeners = new Map<
    number,
    { on(batch: readonly Announcement[]): void; onGap(): void }
  >();
  let count = 0;
  let closed: Promise<void> | undefined;

  worker.onmessage = ({ data }: MessageEvent<WorkerNews>) => {
    if (data.say === "opened") opened.resolve();
    else if (data.say === "heard") {
      listeners.get(data.subscription)?.on(data.batch);
    } else if (data.say === "gap") listeners.get(data.subscription)?.onGap();
    else if (data.failure) {
      waiting.get(data.id)!.reject(new Error(data.failure));
    } else waiting.get(data.id)!.resolve();
  };
  const order = (order: WorkerOrder) => worker.postMessage(order);
  function ask(question: (id: number) => WorkerOrder): Promise<void> {
    const answer = Promise.withResolvers<void>();
    waiting.set(++count, answer);
    order(question(count));
    return answer.promise;
  }

  order({ do: "open", path, keys });
  await opened.promise;
  return {
    publish: (shard, batch) =>
      ask((id) => ({ do: "publish", id, shard, batch })),
    async subscribe(shard, on, onGap) {
      let subscription = 0;
      await ask((id) => {
        subscription = id;
        listeners.set(id, { on, onGap });
        return { do: "subscribe", id, shard };
      });
      return {
        async [Symbol.asyncDispose]() {
          if (!listeners.delete(subscription) || closed) return;
          await ask((id) => ({ do: "leave", id, subscription }));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      closed ??= ask((id) => ({ do: "close", id }));
      await closed;
      worker.terminate();
    },
  };
}
