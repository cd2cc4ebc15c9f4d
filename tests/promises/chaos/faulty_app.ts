import { type App, createApp } from "../../../src/app.ts";
import type { Config } from "../../../src/config.ts";
import type { Log } from "../../../src/lib/log.ts";
import { createFaultyRelay } from "./faulty_relay.ts";
import { obeyControl } from "./obey_control.ts";

/** The service with its relay behind one that obeys the test at FAULT_CONTROL. */
export async function createFaultyApp(config: Config, log: Log): Promise<App> {
  const faults = await obeyControl(Deno.env.get("FAULT_CONTROL")!);
  return await createApp(config, log, {
    wrapRelay: (relay) => createFaultyRelay(relay, faults),
  });
}
