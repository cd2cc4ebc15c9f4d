import { startRedis } from "../../support/redis_server.ts";
import { startUpstashBridge } from "../../support/upstash_bridge.ts";
import type { Ground } from "./driver.ts";
import type { Fault } from "./fault.ts";

/** A Redis and the REST in front of it, with what can be done to both. */
export async function upstashGround(): Promise<Ground> {
  await using cleanup = new AsyncDisposableStack();
  const redis = cleanup.use(await startRedis());
  const bridge = cleanup.use(startUpstashBridge({ redisPort: redis.port }));
  const { url, token, faults } = bridge;

  /** What the bridge does wrong until it is undone. */
  const wrong = (name: string, fault: Partial<typeof faults>): Fault => ({
    name,
    hits: "relay",
    holdMs: [1000, 2000],
    inject() {
      const before = { ...faults };
      Object.assign(faults, fault);
      return Promise.resolve(() => {
        Object.assign(faults, before);
        return Promise.resolve();
      });
    },
  });

  const stack = cleanup.move();
  return {
    env: { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
    faults: [
      {
        name: "Redis killed",
        hits: "relay",
        holdMs: [500, 1500],
        async inject() {
          await redis.kill9();
          return () => redis.start();
        },
      },
      {
        name: "Redis emptied",
        hits: "relay",
        holdMs: [0, 100],
        async inject() {
          await redis.run("FLUSHALL");
          return () => Promise.resolve();
        },
      },
      {
        name: "Redis cut off",
        hits: "relay",
        holdMs: [500, 1500],
        async inject() {
          await bridge.cut();
          return () => Promise.resolve(bridge.heal());
        },
      },
      wrong("Redis streams mute", { mute: true }),
      wrong("Redis forgets half, doubles half", { swallow: 0.5, repeat: 0.5 }),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
