import { redisProgram } from "../support/programs.ts";
import { startRedis } from "../support/redis_server.ts";
import { startUpstashBridge } from "../support/upstash_bridge.ts";

/** As RELAY names them. */
export const relayNames = ["local", "deno-kv", "postgres", "upstash"] as const;
export type RelayName = (typeof relayNames)[number];

/** A figure for each driver that could be measured. */
export type PerRelay<Figures> = Partial<Record<RelayName, Figures>>;

/** What a driver needs around it, for as long as it is not disposed. */
export interface RelayHome extends AsyncDisposable {
  /** The variables of a service that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** How many commands Redis was given so far, as Upstash bills them; absent where that is not known. */
  commands?(): number;
}

/**
 * Prepares a driver's surroundings. An Upstash of one's own (UPSTASH_REDIS_REST_URL and its token) is
 * used as it is; otherwise a Redis is started, with a door in front of it that speaks Upstash's REST.
 */
export async function relayHome(name: RelayName): Promise<RelayHome> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "parley_bench_" });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const env: Record<string, string> = { RELAY: name, DATA_DIR: folder };
  let commands: RelayHome["commands"];
  if (name === "upstash" && !Deno.env.has("UPSTASH_REDIS_REST_URL")) {
    if (redisProgram === undefined) {
      throw new Error(
        "Neither UPSTASH_REDIS_REST_URL is set nor is Redis installed",
      );
    }
    const redis = cleanup.use(await startRedis());
    const bridge = cleanup.use(startUpstashBridge({ redisPort: redis.port }));
    let count = 0;
    bridge.onRequest = (some) => void (count += some.length);
    commands = () => count;
    env.UPSTASH_REDIS_REST_URL = bridge.url;
    env.UPSTASH_REDIS_REST_TOKEN = bridge.token;
  }
  const stack = cleanup.move();
  return {
    env,
    ...(commands && { commands }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Asks for the figures of one driver after the other. One that fails is left out, and says why. */
export async function eachRelay<Figures>(
  say: (line: string) => void,
  part: string,
  measure: (name: RelayName) => Promise<Figures>,
): Promise<PerRelay<Figures>> {
  const figures: PerRelay<Figures> = {};
  for (const name of relayNames) {
    try {
      figures[name] = await measure(name);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      say(`${part}: leaving ${name} out: ${why}`);
    }
  }
  if (Object.keys(figures).length === 0) throw new Error("no driver worked");
  return figures;
}
