import { TextLineStream } from "../../support/text_lines.ts";
import type { Faults } from "./faulty_relay.ts";
import { healthy, noCounts, type RelayFault } from "./relay_fault.ts";

/** How often an isolate tells what it has done. */
const tellMs = 200;

/**
 * An isolate's end of the fault control. Resolves once the present fault is known, so that an isolate
 * that starts amid one begins with it. Its process does not outlive the test.
 */
export async function obeyControl(address: string): Promise<Faults> {
  const [hostname, port] = address.split(":") as [string, string];
  const control = await Deno.connect({ hostname, port: Number(port) });
  const counts = noCounts();
  const listeners: (() => void)[] = [];
  const first = Promise.withResolvers<void>();
  let fault = healthy;

  async function obey(): Promise<void> {
    const lines = control.readable.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      fault = JSON.parse(line) as RelayFault;
      first.resolve();
      listeners.forEach((listener) => listener());
    }
  }
  // Without the test nobody would end the process.
  void obey().catch(() => {}).then(() => Deno.exit(1));

  const encoder = new TextEncoder();
  let told = "";
  const teller = setInterval(() => {
    const line = `${JSON.stringify(counts)}\n`;
    if (line === told) return;
    told = line;
    // Where it cannot be told, the process is about to end.
    control.write(encoder.encode(line)).catch(() => clearInterval(teller));
  }, tellMs);

  await first.promise;
  return {
    get fault() {
      return fault;
    },
    counts,
    onChange: (listener) => void listeners.push(listener),
  };
}
