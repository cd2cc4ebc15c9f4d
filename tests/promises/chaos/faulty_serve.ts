/** One of several isolates of a process, as in `serve.ts`, but for its relay: see `faulty_main.ts`. */
import { readConfig } from "../../../src/config.ts";
import { exitTogether } from "../../../src/exit_together.ts";
import { createLog } from "../../../src/lib/log.ts";
import {
  giveUp,
  greeting,
  signalled,
  stop,
  stopIsolates,
} from "../../../src/lifecycle.ts";
import { createFaultyApp } from "./faulty_app.ts";

const utf8 = new TextEncoder();
const writeLine = (line: string) =>
  void Deno.stdout.writeSync(utf8.encode(`${line}\n`));

const config = readConfig(Deno.env.toObject());
const log = createLog({ level: config.logLevel, write: writeLine });
const exit = exitTogether();
const app = await createFaultyApp(config, log).catch(giveUp);

void signalled([stopIsolates]).then(async () => {
  exit.announce();
  await stop(app, log);
  await exit.whenAllAreDone();
}).catch(giveUp);

export default {
  fetch: app.fetch,
  onListen(address: Deno.Addr) {
    const { port } = address as Deno.NetAddr;
    writeLine(greeting(config, app, port));
  },
} satisfies Deno.ServeDefaultExport;
