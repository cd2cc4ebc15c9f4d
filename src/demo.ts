/**
 * Two people talk, one is cut off and comes back, and nothing is lost; then a group, and a channel.
 *
 * `deno task demo [address]` shows it on the service at that address (or PARLEY_URL); without one, on
 * a service of its own in a temporary folder, gone when it ends.
 */
import { type OwnService, startOwnService } from "./demo/own_service.ts";
import { tellStory } from "./demo/story.ts";

/** Nothing in it takes long: whatever is not over by then hangs. */
const patienceMs = 120_000;

async function main(): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new Error("Interrupted"));
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  for (const name of signals) Deno.addSignalListener(name, interrupt);
  const signal = AbortSignal.any([
    interrupted.signal,
    AbortSignal.timeout(patienceMs),
  ]);

  let own: OwnService | undefined;
  try {
    const given = Deno.args[0] ?? Deno.env.get("PARLEY_URL");
    if (!given) {
      console.log("Starting a service for this demo, which takes a moment …");
      own = await startOwnService(signal);
    }
    await tellStory(given || own!.url, signal);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    console.error(`\nThe demo failed: ${(error as Error).message}`);
    return 1;
  } finally {
    await own?.stop();
    for (const name of signals) Deno.removeSignalListener(name, interrupt);
  }
}

Deno.exit(await main());
