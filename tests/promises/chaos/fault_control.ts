import { TextLineStream } from "../../support/text_lines.ts";
import {
  type FaultCounts,
  healthy,
  noCounts,
  type RelayFault,
} from "./relay_fault.ts";

/** From where a test tells the relays of all isolates what to do to announcements. */
export interface FaultControl extends AsyncDisposable {
  readonly address: string;
  /** For all isolates from now on, those that start later included. */
  set(fault: RelayFault): void;
  /** What was done so far. What a killed isolate did in its last moments is not told. */
  readonly counts: FaultCounts;
}

export function startFaultControl(): FaultControl {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const isolates = new Map<Deno.TcpConn, FaultCounts>();
  const gone = noCounts();
  const encoder = new TextEncoder();
  let fault = healthy;

  /** A paused isolate reads it when it goes on; one that is gone has no relay any more. */
  const tell = (isolate: Deno.TcpConn) =>
    isolate.write(encoder.encode(`${JSON.stringify(fault)}\n`)).catch(() => 0);

  async function listen(isolate: Deno.TcpConn): Promise<void> {
    isolates.set(isolate, noCounts());
    void tell(isolate);
    try {
      const lines = isolate.readable.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream());
      for await (const line of lines) {
        isolates.set(isolate, JSON.parse(line) as FaultCounts);
      }
    } catch {
      // Killed.
    } finally {
      add(gone, isolates.get(isolate)!);
      isolates.delete(isolate);
    }
  }

  const listening: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const isolate of listener) listening.push(listen(isolate));
  })();

  return {
    address: `127.0.0.1:${listener.addr.port}`,
    set(next) {
      fault = next;
      for (const isolate of isolates.keys()) void tell(isolate);
    },
    get counts() {
      const sum = noCounts();
      for (const counts of [gone, ...isolates.values()]) add(sum, counts);
      return sum;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const isolate of isolates.keys()) isolate.close();
      await Promise.all(listening);
    },
  };
}

function add(sum: FaultCounts, counts: FaultCounts): void {
  for (const name of Object.keys(sum) as (keyof FaultCounts)[]) {
    sum[name] += counts[name];
  }
}
