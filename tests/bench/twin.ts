/// <reference lib="deno.worker" />
import { createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { createLog } from "../../src/lib/log.ts";

/** Which of the twins it is. */
export interface Twin {
  readonly port: string;
}

self.onmessage = async ({ data: { port } }: MessageEvent<Twin>) => {
  const config = readConfig({ ...Deno.env.toObject(), PORT: port });
  const app = await createApp(config, createLog({ level: config.logLevel }));
  Deno.serve(
    { port: config.port, hostname: config.host, onListen: () => {} },
    app.fetch,
  );
};
