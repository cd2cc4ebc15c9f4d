import {
  type ClientEvents,
  createClient,
  type ParleyClient,
} from "../client/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { createNetwork, type Network } from "./network.ts";

/** Somebody with an account and one device, connected. */
export interface Person extends AsyncDisposable {
  readonly name: string;
  readonly username: string;
  readonly userId: UserId;
  readonly client: ParleyClient;
  readonly network: Network;
  /** The next event of that type that fits. */
  next<T extends keyof ClientEvents>(
    type: T,
    fits?: (event: ClientEvents[T]) => boolean,
  ): Promise<ClientEvents[T]>;
}

export async function newPerson(
  name: string,
  url: string,
  signal: AbortSignal,
): Promise<Person> {
  const network = createNetwork();
  const client = createClient({ url, platform: network.platform });
  // The service may be in use already: the name has to be free.
  const username = `${name.toLowerCase()}.${Date.now().toString(36)}`;
  const password = crypto.randomUUID();
  try {
    const request = { username, displayName: name, password };
    const { userId } = await client.register(request, { signal });
    await client.connect({ signal });
    return {
      name,
      username,
      userId,
      client,
      network,
      next: (type, fits) => next(client, type, fits, signal),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

function next<T extends keyof ClientEvents>(
  client: ParleyClient,
  type: T,
  fits: (event: ClientEvents[T]) => boolean = () => true,
  signal: AbortSignal,
): Promise<ClientEvents[T]> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientEvents[T]>();
  const onAbort = () => reject(signal.reason);
  const off = client.on(type, (event) => {
    if (!fits(event)) return;
    off();
    signal.removeEventListener("abort", onAbort);
    resolve(event);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  // Whoever waits may be busy with something else when the demo is interrupted.
  promise.catch(() => {});
  return promise;
}
