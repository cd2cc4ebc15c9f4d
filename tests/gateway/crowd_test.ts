import assert from "node:assert/strict";
import { connect } from "../support/peer.ts";
import { dial, type Dialogue } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

/** Hellos that the gateway answers at the same time. */
const places = 100;

/** People whose hellos all stop at a gate. */
function crowd(size: number) {
  const world = createWorld();
  const people = Array.from({ length: size }, () => world.actor());
  const gate = createGate();
  const full = Promise.withResolvers<void>();
  const asked = new Set<string>();
  let atOnce = 0;
  let mostAtOnce = 0;
  return {
    world,
    people,
    gate,
    asked,
    /** Resolves once all places are taken. */
    full: full.promise,
    get mostAtOnce() {
      return mostAtOnce;
    },
    async authenticate(token: string) {
      asked.add(token);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      if (atOnce === places) full.resolve();
      await gate.pass();
      atOnce--;
      return await world.authenticate(token);
    },
  };
}

/** Everybody says hello, and hears nothing yet. */
async function sayHello(url: string, tokens: readonly string[]) {
  const peers = await Promise.all(tokens.map(() => dial(url)));
  peers.forEach((peer, i) =>
    peer.say({ type: "hello", id: 1, token: tokens[i]! })
  );
  return peers;
}

async function isWelcomed(peer: Dialogue): Promise<boolean> {
  const reply = await peer.until(({ type }) => type === "reply");
  return reply.type === "reply" && reply.ok;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("of a crowd that says hello so many are answered at once, and all in the end", async () => {
  const all = crowd(places + 20);
  await using stage = gatewayStage(all.world, all);
  const tokens = all.people.map(({ token }) => token);
  const peers = await sayHello(stage.url, tokens);
  await all.full;
  all.gate.open();
  for (const peer of peers) assert.equal(await isWelcomed(peer), true);
  assert.equal(stage.present.size, all.people.length);
  assert.equal(all.mostAtOnce, places);
});

Deno.test("whoever has said hello in time is not closed while it waits", async () => {
  const { world, people, gate, full, authenticate } = crowd(places);
  await using stage = gatewayStage(world, { authenticate });
  const tokens = people.map(({ token }) => token);
  const peers = await sayHello(stage.url, tokens);
  await full;
  const silent = await dial(stage.url);
  world.now += 60_000;
  assert.equal((await silent.closed).code, 4408);
  gate.open();
  for (const peer of peers) assert.equal(await isWelcomed(peer), true);
});

Deno.test("whoever gives up while hello waits for its turn is not asked for", async () => {
  const { world, people, gate, asked, full, authenticate } = crowd(places + 1);
  await using stage = gatewayStage(world, { authenticate });
  const [last, ...others] = people.map(({ token }) => token);
  const peers = await sayHello(stage.url, others);
  await full;
  const [late] = await sayHello(stage.url, [last!]);
  await until(() => stage.gateway.connections === people.length);
  // Hello is on its way before the close, and so it waits by then.
  await late!.close();
  await until(() => stage.gateway.connections === places);
  gate.open();
  for (const peer of peers) assert.equal(await isWelcomed(peer), true);
  await using line = await connect(stage.url, others[0]!);
  assert.equal((await line.ask({ type: "ping" })).ok, true);
  assert.equal(asked.has(last!), false);
});
