import {
  type ClientEvents,
  type ClientOptions,
  createClient,
  type ParleyClient,
} from "../../src/client/mod.ts";
import type { Welcome } from "../../src/protocol/sync.ts";
import {
  type FakeConnection,
  type FakeService,
  startFakeService,
} from "./fake_service.ts";
import { type HeldClock, heldClock } from "./held_clock.ts";

/** A fake service and a client of it, on a clock that the test moves. */
export interface Stage extends AsyncDisposable {
  readonly clock: HeldClock;
  readonly service: FakeService;
  readonly client: ParleyClient;
  /** What `error` events brought; a test that expects none fails on leaving when there are some. */
  readonly faults: unknown[];
  /** Signs in, connects and welcomes. */
  live(welcome?: Partial<Welcome>): Promise<FakeConnection>;
  /** Another client of the same service, disposed of with the stage. */
  another(options?: Partial<ClientOptions>): ParleyClient;
}

export function setStage(options: Partial<ClientOptions> = {}): Stage {
  const clock = heldClock();
  const service = startFakeService(clock.now);
  const stack = new AsyncDisposableStack();
  stack.use(service);
  const faults: unknown[] = [];

  function another(more: Partial<ClientOptions> = {}) {
    const client = stack.use(createClient({
      url: service.url,
      ...options,
      ...more,
      // Half of every bound, so that waits are known beforehand.
      platform: {
        clock,
        random: () => 0.5,
        ...options.platform,
        ...more.platform,
      },
    }));
    client.on("error", (error) => faults.push(error));
    return client;
  }

  const client = another();
  return {
    clock,
    service,
    client,
    faults,
    another,
    async live(welcome) {
      await client.login({ login: "ada", password: "correct horse" });
      const connected = client.connect();
      const connection = await service.welcomed(welcome);
      await connected;
      return connection;
    },
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
      if (faults.length > 0) {
        throw new AggregateError(faults, "The client reported faults");
      }
    },
  };
}

/** Keeps everything that the client says of one kind. */
export function heard<T extends keyof ClientEvents>(
  client: ParleyClient,
  type: T,
): ClientEvents[T][] {
  const events: ClientEvents[T][] = [];
  client.on(type, (event) => events.push(event));
  return events;
}
