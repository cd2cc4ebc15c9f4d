import {
  createDenoKvRelay,
  type DenoKvRelayOptions,
} from "../../src/relay/deno_kv.ts";
import { testEnvelope } from "./listener.ts";

/** What all relays of a stage seal with, where nothing else is said. */
export const envelope = testEnvelope();

/** A database in a file of its own, and everything that is opened over it, closed in order. */
export async function openStage() {
  await using cleanup = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const path = `${folder}/kv`;
  const openKv = async () => cleanup.use(await Deno.openKv(path));
  const kv = await openKv();
  const stack = cleanup.move();
  return {
    path,
    kv,
    openKv: async () => stack.use(await Deno.openKv(path)),
    relay: (options: Partial<DenoKvRelayOptions> = {}) =>
      stack.use(
        createDenoKvRelay({ kv, envelope, onFailure: reportError, ...options }),
      ),
    use: <T extends AsyncDisposable>(part: T) => stack.use(part),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
