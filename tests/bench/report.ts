import type { PerSystem } from "./parts/bench.ts";
import type { Caches } from "./parts/caches.ts";
import type { ColdStart } from "./parts/cold_start.ts";
import type { Delivery } from "./parts/delivery.ts";
import type { DurableSends } from "./parts/durable_sends.ts";
import type { FanOut } from "./parts/fan_out.ts";
import type { History } from "./parts/history.ts";
import type { IdleCost } from "./parts/idle_cost.ts";
import type { Isolates } from "./parts/isolates.ts";
import type { LargeChats } from "./parts/large_chats.ts";
import type { LargeHello } from "./parts/large_hello.ts";
import type { ReconnectStorm } from "./parts/reconnect_storm.ts";
import type { RelayRates } from "./parts/relay_rates.ts";

/** Where the figures come from. */
export interface Machine {
  cores: number;
  deno: string;
  postgres: string;
  /** What others kept the machine busy with when the benchmark began. */
  loadAverage: number;
  /** What the Socket.IO peer ran on; absent where no part wanted it. */
  socketioRuntime?: string;
}

/** Everything that was measured; a part that failed is absent. */
export interface Report {
  durableSends?: DurableSends;
  fanOut?: FanOut;
  history?: History;
  connectionBytes?: PerSystem;
  coldStart?: ColdStart;
  largeHello?: LargeHello;
  largeChats?: LargeChats;
  caches?: Caches;
  relayRates?: RelayRates;
  delivery?: Delivery;
  idleCost?: IdleCost;
  isolates?: Isolates;
  reconnectStorm?: ReconnectStorm;
  machine: Machine;
}
