import { createTextSealer } from "../../src/crypto/text_sealer.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import { createEnvelope } from "../../src/relay/envelope.ts";
import type { Announcement } from "../../src/relay/relay.ts";
import {
  createUpstashRelay,
  type UpstashRelay,
  type UpstashRelayParts,
} from "../../src/relay/upstash.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import {
  startUpstashBridge,
  type UpstashBridge,
} from "../support/upstash_bridge.ts";

/** Longer than any test runs. */
export const never = 100_000_000;

/** Two relays, as two isolates have them, over one Upstash that can be made to fail. */
export interface UpstashStage extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly bridge: UpstashBridge;
  readonly here: UpstashRelay;
  readonly there: UpstashRelay;
  /** What failed in the background, on both sides. */
  readonly failures: string[];
  /** Every request so far, as its commands. */
  readonly requests: (readonly (readonly string[])[])[];
}

export const envelope = createEnvelope(
  createTextSealer(parseKeyList(newKeyEntry("k1")), "relay"),
);

/** Fast enough to wait for. */
const timings = {
  beatMs: 200,
  answerMs: 500,
  retryMs: [10, 100],
  pollMs: [20, 200],
} as const;

export async function openStage(
  overrides: Partial<UpstashRelayParts> = {},
): Promise<UpstashStage> {
  await using cleanup = new AsyncDisposableStack();
  const redis = cleanup.use(await startRedis());
  const bridge = cleanup.use(startUpstashBridge({ redisPort: redis.port }));
  const requests: UpstashStage["requests"] = [];
  bridge.onRequest = (commands) => void requests.push(commands);
  const failures: string[] = [];
  const open = () =>
    cleanup.use(createUpstashRelay({
      url: bridge.url,
      token: bridge.token,
      envelope,
      onFailure: (error) => failures.push((error as Error).message),
      ...timings,
      ...overrides,
    }));
  const [here, there] = [open(), open()];
  const parts = cleanup.move();
  return {
    redis,
    bridge,
    here,
    there,
    failures,
    requests,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** All that a listener hears and misses. */
export function createEar() {
  const heard: string[] = [];
  const batches: (readonly Announcement[])[] = [];
  let gaps = 0;
  return {
    /** The ids, in order. */
    heard,
    batches,
    get gaps() {
      return gaps;
    },
    on(batch: readonly Announcement[]) {
      batches.push(batch);
      heard.push(...batch.map(({ id }) => id));
    },
    onGap() {
      gaps++;
    },
    hears: (...announcements: Announcement[]) =>
      until(() => announcements.every(({ id }) => heard.includes(id))),
  };
}

export function announcement(id: string, text?: string): Announcement {
  const scopeId = "0199b3c4-2222-7333-8444-555566667777";
  return {
    id,
    origin: "here",
    audience: "chat",
    scopeId,
    rev: 1,
    event: {
      type: "chat.updated",
      chatId: scopeId as never,
      rev: 1,
      chat: { title: text ?? id } as never,
    },
  };
}

export async function until(
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!await isSo()) await pause(5);
}

export const pause = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));
