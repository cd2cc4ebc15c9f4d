import assert from "node:assert/strict";
import { type Announced, createAnnounce } from "../../src/changes/mod.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { type Announcement, shardOf } from "../../src/relay/relay.ts";
import { quiet } from "./held_lane.ts";

const chatId = crypto.randomUUID() as ChatId;
const userId = crypto.randomUUID() as UserId;
const renamed = (rev: number): Announced => ({
  chat: chatId,
  rev,
  event: { type: "chat.behind", chatId, rev },
});
const typing: Announced = {
  chat: chatId,
  event: { type: "typing", chatId, userId, active: true },
};
const moved: Announced = {
  account: userId,
  rev: 7,
  event: { type: "account.behind", accountRev: 7 },
};

type Publish = (
  shard: number,
  batch: readonly Announcement[],
) => Promise<void>;

function announcer(publish: Publish = () => Promise.resolve()) {
  const log: string[] = [];
  const local: Announcement[] = [];
  const failures: { error: unknown; lost: number }[] = [];
  const announce = createAnnounce({
    isolateId: "i1",
    relay: {
      publish(shard, batch) {
        log.push("relay");
        return publish(shard, batch);
      },
    },
    local(announcements) {
      log.push("local");
      local.push(...announcements);
    },
    onRelayFailure: (error, lost) => failures.push({ error, lost }),
  });
  return { announce, log, local, failures };
}

Deno.test("announce: this isolate's own connections come first", () => {
  const { announce, log, local } = announcer();
  announce([renamed(3), typing, moved, { presence: userId }]);
  assert.equal(log[0], "local");
  assert.deepEqual(
    local.map(({ audience, scopeId, rev, event, origin }) => ({
      audience,
      scopeId,
      rev,
      type: event?.type,
      origin,
    })),
    [
      {
        audience: "chat",
        scopeId: chatId,
        rev: 3,
        type: "chat.behind",
        origin: "i1",
      },
      {
        audience: "chat",
        scopeId: chatId,
        rev: undefined,
        type: "typing",
        origin: "i1",
      },
      {
        audience: "account",
        scopeId: userId,
        rev: 7,
        type: "account.behind",
        origin: "i1",
      },
      {
        audience: "presence",
        scopeId: userId,
        rev: undefined,
        type: undefined,
        origin: "i1",
      },
    ],
  );
});

Deno.test("announce: each shard gets its own, in order, under ids of their own", () => {
  const published = new Map<number, readonly Announcement[]>();
  const { announce } = announcer((shard, batch) => {
    assert.ok(!published.has(shard), "one publish a shard");
    published.set(shard, batch);
    return Promise.resolve();
  });
  const scopes = Array.from({ length: 200 }, () => crypto.randomUUID());
  announce(scopes.flatMap((id) =>
    [1, 2].map((rev): Announced => ({
      chat: id as ChatId,
      rev,
      event: { type: "chat.behind", chatId: id as ChatId, rev },
    }))
  ));

  const all = [...published.values()].flat();
  assert.equal(new Set(all.map(({ id }) => id)).size, 400);
  for (const [shard, batch] of published) {
    assert.ok(batch.every(({ scopeId }) => shardOf(scopeId) === shard));
  }
  for (const id of scopes) {
    const revs = all.filter(({ scopeId }) => scopeId === id).map(({ rev }) =>
      rev
    );
    assert.deepEqual(revs, [1, 2]);
  }
});

Deno.test("announce: nothing happened, nothing is said", () => {
  const { announce, log } = announcer();
  announce([]);
  assert.deepEqual(log, []);
});

Deno.test("announce: a failing relay is reported and never thrown at the sender", async (t) => {
  const failing: Record<string, Publish> = {
    "when it rejects": () => Promise.reject(new Error("Away")),
    "when it throws": () => {
      throw new Error("Away");
    },
  };
  for (const [when, publish] of Object.entries(failing)) {
    await t.step(when, async () => {
      const { announce, local, failures } = announcer(publish);
      announce([renamed(1), renamed(2)]);
      await quiet();
      assert.equal(local.length, 2);
      assert.deepEqual(
        failures.map(({ error, lost }) => [(error as Error).message, lost]),
        [["Away", 2]],
      );
    });
  }
});

Deno.test("announce: one shard's failure leaves the others alone", async () => {
  const scopes = Array.from({ length: 50 }, () => crypto.randomUUID());
  const failingShard = shardOf(scopes[0]!);
  const arrived: string[] = [];
  const { announce, failures } = announcer((shard, batch) => {
    if (shard === failingShard) throw new Error("Away");
    arrived.push(...batch.map(({ scopeId }) => scopeId));
    return Promise.resolve();
  });
  announce(scopes.map((id) => ({
    chat: id as ChatId,
    rev: 1,
    event: { type: "chat.behind", chatId: id as ChatId, rev: 1 },
  })));
  await quiet();
  const others = scopes.filter((id) => shardOf(id) !== failingShard);
  assert.deepEqual(arrived.sort(), others.sort());
  assert.deepEqual(failures.map(({ lost }) => lost), [
    scopes.length - others.length,
  ]);
});
