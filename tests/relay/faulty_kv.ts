import type { RelayKv } from "../../src/relay/deno_kv_keys.ts";

/** A Deno KV between the relay and the real one, that can be made to misbehave. */
export interface FaultyKv extends RelayKv {
  /** How many keys each open watch has. */
  readonly watches: readonly number[];
  /** How often a watch was opened. */
  readonly opened: number;
  /** Ends all open watches; with an error where one is given. */
  endWatches(error?: Error): void;
  /** The watches that are open say nothing any more, and seem to stand. */
  muteWatches(): void;
  /** Watches that are opened are mute, while it is set. */
  opensMute: boolean;
  /** Reads wait from now on; resolves once one does. */
  holdReads(): Promise<void>;
  allowReads(): void;
  /** Eventually consistent reads lack the newest `entries` from now on. */
  lag(entries: number): void;
  /** Commits and reads fail with it, while there is one. */
  fault: Error | undefined;
  /** Commits never answer, while it is set. */
  hangs: boolean;
  /** How long each entry was given to live, in milliseconds. */
  readonly lives: readonly number[];
}

export function faultyKv(kv: Deno.Kv): FaultyKv {
  type Entries = Deno.KvEntryMaybe<unknown>[];
  interface Watch {
    readonly keys: number;
    isMute: boolean;
    end(error?: Error): void;
  }
  const watches = new Set<Watch>();
  const lives: number[] = [];
  let held: PromiseWithResolvers<void> | undefined;
  let onHeld = () => {};
  let lagging = 0;
  let opened = 0;

  const faulty: FaultyKv = {
    fault: undefined,
    hangs: false,
    lives,
    get watches() {
      return [...watches].map(({ keys }) => keys);
    },
    get opened() {
      return opened;
    },
    endWatches(error) {
      for (const watch of [...watches]) watch.end(error);
    },
    muteWatches() {
      for (const watch of watches) watch.isMute = true;
    },
    opensMute: false,
    holdReads() {
      held = Promise.withResolvers();
      return new Promise((resolve) => onHeld = resolve);
    },
    allowReads() {
      held?.resolve();
      held = undefined;
    },
    lag: (entries) => void (lagging = entries),

    commitVersionstamp: () => kv.commitVersionstamp(),

    watch: watch as Deno.Kv["watch"],

    list<T>(selector: Deno.KvListSelector, options?: Deno.KvListOptions) {
      const entries = read<T>(selector, options);
      return entries as unknown as Deno.KvListIterator<T>;
    },

    atomic() {
      const operation = kv.atomic();
      const { set, commit } = operation;
      operation.set = (key, value, options) => {
        lives.push(options?.expireIn ?? Infinity);
        return set.call(operation, key, value, options);
      };
      operation.commit = () => {
        if (faulty.hangs) return new Promise(() => {});
        if (faulty.fault) return Promise.reject(faulty.fault);
        return commit.call(operation);
      };
      return operation;
    },
  };

  function watch(keys: Deno.KvKey[]): ReadableStream<Entries> {
    opened++;
    const inner = kv.watch(keys).getReader();
    let watch: Watch;
    return new ReadableStream({
      start(controller) {
        watch = {
          keys: keys.length,
          isMute: faulty.opensMute,
          end(error) {
            watches.delete(watch);
            if (error) controller.error(error);
            else controller.close();
            void inner.cancel();
          },
        };
        watches.add(watch);
      },
      async pull(controller) {
        const { done, value } = await inner.read();
        if (done || watch.isMute || !watches.has(watch)) return;
        controller.enqueue(value);
      },
      cancel() {
        watches.delete(watch);
        return inner.cancel();
      },
    }, { highWaterMark: 0 });
  }

  async function* read<T>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ) {
    if (held) {
      onHeld();
      await held.promise;
    }
    if (faulty.fault) throw faulty.fault;
    const entries = await Array.fromAsync(kv.list<T>(selector, options));
    const isBehind = options?.consistency === "eventual" && lagging > 0;
    yield* isBehind ? entries.slice(0, -lagging) : entries;
  }

  return faulty;
}
