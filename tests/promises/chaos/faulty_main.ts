/**
 * The service as `main.ts` starts it, but for its relay, which does to announcements what the test at
 * FAULT_CONTROL says.
 */
import { readConfig } from "../../../src/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import {
  giveUp,
  greeting,
  signalled,
  stop,
  stopSignals,
} from "../../../src/lifecycle.ts";
import { createFaultyApp } from "./faulty_app.ts";

async function main() {
  const config = readConfig(Deno.env.toObject());
  const log = createLog({ level: config.logLevel });
  const app = await createFaultyApp(config, log);
  const server = Deno.serve(
    {
      port: config.port,
      hostname: config.host,
      onListen: ({ port }) => console.log(greeting(config, app, port)),
    },
    app.fetch,
  );
  await signalled(stopSignals);
  await stop(app, log, () => server.shutdown());
  Deno.exit(0);
}

await main().catch(giveUp);
