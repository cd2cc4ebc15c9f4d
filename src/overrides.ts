import type { Clock } from "./lib/clock.ts";
import type { openPreviews } from "./open_previews.ts";
import type { Relay } from "./relay/relay.ts";

/** What a test puts in place of a part, or around it. */
export interface Overrides {
  readonly relay?: Relay;
  wrapRelay?(relay: Relay): Relay;
  readonly network?: Parameters<typeof openPreviews>[1];
  /** What the service takes for the present time. */
  readonly clock?: Clock;
}
