/**
 * The process with one isolate: reads the configuration, starts the service, and drains it when told
 * to stop. Deno Deploy starts this, `deno task dev`, and `deno task start` on the embedded database.
 */
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { createLog } from "./lib/log.ts";
import { giveUp, greeting, signalled, stop, stopSignals } from "./lifecycle.ts";

async function main() {
  const config = readConfig(Deno.env.toObject());
  const log = createLog({ level: config.logLevel });
  const app = await createApp(config, log);
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
