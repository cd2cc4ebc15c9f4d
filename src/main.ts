/** The process: reads the configuration, starts the service, and drains it when told to stop. */
import { type App, createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { createLog } from "./lib/log.ts";

/** Platforms kill a process 5 s after they asked it to stop. */
const stopMs = 4500;

async function main() {
  const startedAt = performance.now();
  const config = readConfig(Deno.env.toObject());
  const log = createLog({ level: config.logLevel });
  const app = await createApp(config, log);
  const server = Deno.serve(
    {
      port: config.port,
      hostname: config.host,
      onListen: ({ port }) =>
        greet(config, port, performance.now() - startedAt),
    },
    app.fetch,
  );
  await stopSignal();
  log.info("draining");
  await Promise.race([stop(app, server), tooLate()]);
  log.info("stopped");
  Deno.exit(0);
}

function greet(
  { host, database, dataDir, relay }: Config,
  port: number,
  ms: number,
) {
  const shown = host === "0.0.0.0" ? "localhost" : host;
  console.log(
    `Parley is ready on http://${shown}:${port} after ${Math.round(ms)} ms: ` +
      `${
        database.url === null ? `embedded Postgres in '${dataDir}'` : "Postgres"
      }, ` +
      `${relay} relay. Stop it with Ctrl-C`,
  );
}

function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, () => resolve());
  return promise;
}

async function stop(app: App, server: Deno.HttpServer) {
  await app.drain();
  await server.shutdown();
  await app[Symbol.asyncDispose]();
}

const tooLate = () =>
  new Promise<void>((resolve) => setTimeout(resolve, stopMs));

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
