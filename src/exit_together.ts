/** How long after the signal an isolate can still be about to hear of it, in milliseconds. */
const settleMs = 300;

/** Past this the platform ends the process, whoever is still busy. */
const latestMs = 4800;

interface Notice {
  readonly isolate: string;
  readonly isDone: boolean;
}

export interface ExitTogether extends Disposable {
  /** Tells the others that this isolate stops. */
  announce(): void;
  /** Ends the process once every isolate that stops has nothing left to do. */
  whenAllAreDone(): Promise<never>;
}

/**
 * `isolates` is how many there are at least: one that is too busy to hear the signal is waited for.
 *
 * Isolates of one process get the signal to stop each for itself, and the first one that calls
 * `Deno.exit` ends them all. So they tell each other, and the exit waits for the last.
 */
export function exitTogether(
  isolates: number,
  exit: (code: number) => never = Deno.exit,
): ExitTogether {
  const isolate = crypto.randomUUID();
  const channel = new BroadcastChannel("parley exit");
  const busy = new Set<string>();
  const announced = new Set<string>();
  let since = Infinity;
  let onNotice = () => {};

  function take({ isolate, isDone }: Notice) {
    if (isDone) busy.delete(isolate);
    else busy.add(isolate);
    announced.add(isolate);
    onNotice();
  }
  channel.onmessage = ({ data }) => take(data as Notice);

  function tell(notice: Notice) {
    take(notice);
    channel.postMessage(notice);
  }

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      onNotice = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    announce() {
      since = performance.now();
      tell({ isolate, isDone: false });
    },
    async whenAllAreDone() {
      tell({ isolate, isDone: true });
      for (;;) {
        const passed = performance.now() - since;
        if (passed >= latestMs) break;
        const isQuiet = busy.size === 0 && announced.size >= isolates;
        if (isQuiet && passed >= settleMs) break;
        await sleep((isQuiet ? settleMs : latestMs) - passed);
      }
      return exit(0);
    },
    [Symbol.dispose]: () => channel.close(),
  };
}
