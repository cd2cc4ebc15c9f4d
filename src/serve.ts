/**
 * One of the isolates of `deno serve --parallel`, which listens for all of them on one port. Each is a
 * whole service of its own; they meet in the database and through the relay.
 */
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { exitTogether } from "./exit_together.ts";
import { createLog } from "./lib/log.ts";
import {
  giveUp,
  greeting,
  signalled,
  stop,
  stopIsolates,
  stopSignals,
} from "./lifecycle.ts";

const utf8 = new TextEncoder();

/** Past the console, which `deno serve` makes put the isolate's name before each line. */
function writeLine(line: string) {
  let rest = utf8.encode(`${line}\n`);
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}

const config = readOrGiveUp();
const log = createLog({ level: config.logLevel, write: writeLine });
const exit = exitTogether();
const app = await createApp(config, log).catch(giveUp);

void signalled([...stopSignals, stopIsolates]).then(async () => {
  exit.announce();
  await stop(app, log);
  await exit.whenAllAreDone();
}).catch(giveUp);

function readOrGiveUp() {
  try {
    return readConfig(Deno.env.toObject());
  } catch (error) {
    return giveUp(error);
  }
}

export default {
  fetch: app.fetch,
  /** Called in one of the isolates alone. */
  onListen(address: Deno.Addr) {
    const { port } = address as Deno.NetAddr;
    writeLine(greeting(config, app, port));
  },
} satisfies Deno.ServeDefaultExport;
