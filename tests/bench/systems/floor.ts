import { anonymousWorld, peerServer } from "./peer.ts";
import type { System, SystemParts } from "./system.ts";

/** The bare server of `tests/bench/floor.ts`. */
export function floor({ processes, databaseUrl }: SystemParts): System {
  return {
    name: "floor",
    databaseUrl,
    start: () =>
      peerServer(processes.start(
        Deno.execPath(),
        ["run", "-A", "tests/bench/floor.ts"],
        { env: { DATABASE_URL: databaseUrl }, lines: true },
      )),
    populate: () => Promise.resolve(anonymousWorld()),
  };
}
