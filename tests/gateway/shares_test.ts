import assert from "node:assert/strict";
import { createShares } from "../../src/gateway/shares.ts";
import type { ReplyFrame } from "../../src/protocol/frames.ts";
import type { MessageId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import { connect, openSocket } from "../support/peer.ts";
import { createGate } from "./gate.ts";
import { newChat, newId, newUser } from "./news.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

const codeOf = (reply: ReplyFrame) => reply.ok ? "ok" : reply.error.code;

const send = () => ({
  type: "send",
  chatId: newChat(),
  messageId: newId<MessageId>(),
  content: { type: "text", text: "Hello" },
});

const times = <T>(count: number, make: () => T) =>
  Array.from({ length: count }, make);

Deno.test("the connections of one account have so many requests under way together", async () => {
  const world = createWorld();
  const gate = createGate();
  let waiting = 0;
  await using stage = gatewayStage(world, {
    messages: {
      async send(_chatId, _by, { messageId }) {
        waiting++;
        await gate.pass();
        return {
          messageId: messageId!,
          seq: 1,
          rev: 1,
          createdAt: "2026-01-01T00:00:00.000Z",
          duplicate: false,
        };
      },
    },
  });
  const ann = world.actor();
  const { requestsAtOnce, requestsAtOnceOfAccount } = limits;
  const full = await Promise.all(
    times(
      requestsAtOnceOfAccount / requestsAtOnce,
      () => connect(stage.url, ann.token),
    ),
  );
  const underway = full.map((line) =>
    times(requestsAtOnce, () => line.ask(send()))
  );
  // Each has read all that it was sent once it says that one more is too many.
  for (const line of full) {
    assert.equal(codeOf(await line.ask(send())), "rate_limited");
  }
  assert.equal(waiting, requestsAtOnceOfAccount);

  await using other = await connect(stage.url, world.again(ann).token);
  assert.equal(codeOf(await other.ask(send())), "rate_limited");
  // What a closed connection asked for is under way all the same.
  const [gone, ...stay] = full;
  void Promise.allSettled(underway[0]!);
  gone!.close();
  await gone!.closed;
  assert.equal(codeOf(await other.ask(send())), "rate_limited");

  await using bob = await connect(stage.url, world.actor().token);
  const bobs = bob.ask(send());
  gate.open();
  assert.equal(codeOf(await bobs), "ok", "the others have their own");
  const answers = await Promise.all(underway.slice(1).flat());
  assert.deepEqual(new Set(answers.map(codeOf)), new Set(["ok"]));
  assert.equal(codeOf(await other.ask(send())), "ok");
  for (const line of stay) {
    line.close();
    await line.closed;
  }
});

Deno.test("the connections of one account send so many frames together, and the next closes with 4429", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const ann = world.actor();
  await using bob = await connect(stage.url, world.actor().token);
  const lines = [];
  let left: number = limits.frameBurstOfAccount;
  while (left > 0) {
    const line = await connect(stage.url, ann.token);
    lines.unshift(line);
    // As many as one connection may: hello was its first frame, and counts for it alone.
    for (let own = limits.frameBurst - 1; own > 0 && left > 0;) {
      const some = Math.min(200, own, left);
      await Promise.all(times(some, () => line.ask({ type: "ping" })));
      own -= some;
      left -= some;
    }
  }
  const [last, ...before] = lines;
  await assert.rejects(last!.ask({ type: "ping" }));
  const { code, reason } = await last!.closed;
  assert.deepEqual([code, reason], [4429, "Too many frames of the account"]);
  assert.equal(codeOf(await bob.ask({ type: "ping" })), "ok");
  for (const line of before) {
    line.close();
    await line.closed;
  }
});

Deno.test("an account has so many connections, and the one too many is closed with 4429", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const ann = world.actor();
  const lines = [];
  while (lines.length < limits.connectionsOfAccount) {
    lines.push(
      ...await Promise.all(
        times(32, () => connect(stage.url, ann.token)),
      ),
    );
  }
  await assert.rejects(connect(stage.url, world.again(ann).token));
  const extra = openSocket(stage.url);
  await extra.opened;
  extra.socket.send(JSON.stringify({ type: "hello", id: 1, token: ann.token }));
  const { code, reason } = await extra.closed;
  assert.deepEqual(
    [code, reason],
    [4429, "The account has too many connections"],
  );
  await using _bob = await connect(stage.url, world.actor().token);

  const { connections } = stage.gateway;
  lines[0]!.close();
  await lines[0]!.closed;
  while (stage.gateway.connections === connections) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await using _next = await connect(stage.url, ann.token);
  await Promise.all(
    lines.slice(1).map(async (line) => {
      line.close();
      await line.closed;
    }),
  );
});

Deno.test("a share is forgotten with its last connection and its last request", () => {
  const shares = createShares(() => 0);
  const userId = newUser();
  const share = shares.join(userId)!;
  assert.equal(shares.join(userId), share);
  assert.ok(share.begin());
  share.leave();
  share.leave();
  assert.equal(shares.size, 1, "its request is under way");
  assert.equal(shares.join(userId), share);
  share.end();
  assert.equal(shares.size, 1);
  share.leave();
  assert.equal(shares.size, 0);
});
