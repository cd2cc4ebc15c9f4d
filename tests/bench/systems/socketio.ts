import { anonymousWorld, peerServer } from "./peer.ts";
import type { System, SystemParts } from "./system.ts";

const serverFile = "tests/bench/socketio_server.mjs";
/** Of 5, 10 (the default of pg) and 20, the one with which it stored most, in one busy comparison. */
const poolSize = "5";

/** The version of the Node that is installed, if one is. */
export async function nodeVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] })
      .output();
    return new TextDecoder().decode(stdout).trim().slice(1);
  } catch {
    return undefined;
  }
}

/** Express, Socket.IO and pg, on Node where it is installed, else on Deno. */
export function socketio(
  { processes, databaseUrl, onNode }: SystemParts & { onNode: boolean },
): System {
  return {
    name: "socketio",
    databaseUrl,
    async start() {
      const env = {
        DATABASE_URL: databaseUrl,
        POOL_SIZE: poolSize,
        NODE_ENV: "production",
      };
      // Node reads node_modules, which Deno fills with what it has seen imported.
      const cache = processes.start(Deno.execPath(), ["cache", serverFile]);
      if (!await cache.ended) throw new Error(cache.complaint());
      return peerServer(
        onNode
          ? processes.start("node", [serverFile], { env, lines: true })
          : processes.start(Deno.execPath(), ["run", "-A", serverFile], {
            env,
            lines: true,
          }),
      );
    },
    populate: () => Promise.resolve(anonymousWorld()),
  };
}
