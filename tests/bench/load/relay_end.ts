/// <reference lib="deno.worker" />
// One end of a relay, in an isolate of its own: opens the driver as the service does.
import { readConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { openRelay } from "../../../src/open_relay.ts";
import {
  type Announcement,
  type Relay,
  shardCount,
  shardOf,
} from "../../../src/relay/relay.ts";
import { pause } from "./pause.ts";
import type { EndOrder, Heard } from "./relay_orders.ts";

const cleanup = new AsyncDisposableStack();
let relay: Relay;
let heard: Heard = { arrived: 0, lastAt: 0, latenciesMs: [] };
let count = 0;

const now = () => performance.timeOrigin + performance.now();

/** As a sent message of a hundred characters is announced; its id says when. */
function announcement(): Announcement {
  const chatId = crypto.randomUUID();
  return {
    id: `${now()}:${++count}`,
    origin: "bench",
    audience: "chat",
    scopeId: chatId,
    rev: count,
    event: {
      type: "message.created",
      chatId,
      rev: count,
      message: {
        chatId,
        seq: count,
        rev: count,
        messageId: crypto.randomUUID(),
        senderId: crypto.randomUUID(),
        content: { type: "text", text: "x".repeat(100) },
        replyTo: null,
        replyCount: 0,
        reactions: [],
        pinned: false,
        createdAt: new Date().toISOString(),
        editedAt: null,
        deletedAt: null,
      },
    } as unknown as NonNullable<Announcement["event"]>,
  };
}

function hear(batch: readonly Announcement[]) {
  heard.arrived += batch.length;
  heard.lastAt = now();
  // At full speed they would only tell how many are under way.
  if (batch.length === 1) {
    heard.latenciesMs.push(heard.lastAt - parseFloat(batch[0]!.id));
  }
}

async function publish(batch: number): Promise<void> {
  const announcements = Array.from({ length: batch }, announcement);
  const shard = shardOf(announcements[0]!.scopeId);
  await relay.publish(shard, announcements);
}

async function obey(order: EndOrder): Promise<unknown> {
  switch (order.do) {
    case "open": {
      const config = readConfig(order.env);
      const db = cleanup.use(openDatabase({
        url: config.database.url!,
        connections: config.database.connections,
        queryMs: 10_000,
      }));
      ({ relay } = await openRelay({
        config,
        masterKeys: config.masterKeys!,
        db,
        onFailure: reportError,
        cleanup,
      }));
      return null;
    }
    case "hear":
      for (let shard = 0; shard < shardCount; shard++) {
        cleanup.use(await relay.subscribe(shard, hear, () => {}));
      }
      return null;
    case "publish": {
      const { durationMs, batch, inFlight } = order;
      const since = now();
      let published = 0;
      await Promise.all(Array.from({ length: inFlight }, async () => {
        while (now() < since + durationMs) {
          await publish(batch);
          published += batch;
        }
      }));
      return { since, published };
    }
    case "tick":
      for (let i = 0; i < order.count; i++) {
        await publish(1);
        await pause(order.everyMs);
      }
      return { published: order.count };
    case "report": {
      const report = heard;
      heard = { arrived: 0, lastAt: 0, latenciesMs: [] };
      return report;
    }
    case "close":
      await cleanup.disposeAsync();
      return null;
  }
}

self.onmessage = async ({ data }: MessageEvent<EndOrder>) => {
  self.postMessage(await obey(data));
};
