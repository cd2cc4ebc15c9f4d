import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import {
  type Announcement,
  type Relay,
  shardCount,
  shardOf,
} from "../../src/relay/relay.ts";

/** A driver as two isolates have it, each with its own end. */
export interface RelayPair extends AsyncDisposable {
  readonly here: Relay;
  readonly there: Relay;
  /** Breaks what lies between the ends; the function it resolves with mends it. */
  interrupt?(): Promise<() => Promise<void>>;
}

let count = 0;

/** An announcement that nothing else equals. */
function news(shard: number, rev?: number): Announcement {
  const scopeId = scopeIn(shard);
  return {
    id: `test:${++count}`,
    origin: "test",
    audience: "chat",
    scopeId,
    ...(rev === undefined ? {} : {
      rev,
      event: { type: "chat.behind", chatId: scopeId, rev },
    }),
  };
}

function scopeIn(shard: number): ChatId {
  for (;;) {
    const id = crypto.randomUUID() as ChatId;
    if (shardOf(id) === shard) return id;
  }
}

/** A subscription, and a promise for everything the test expects of it. */
async function listen(relay: Relay, shard: number, onGap = () => {}) {
  const heard: Announcement[] = [];
  let onNews = () => {};
  const subscription = await relay.subscribe(shard, (batch) => {
    heard.push(...batch);
    onNews();
  }, onGap);
  return {
    heard,
    /** Resolves once all of these have arrived, in whatever order and number. */
    async hears(...announcements: Announcement[]) {
      const missing = () =>
        announcements.some(({ id }) => !heard.some((each) => each.id === id));
      while (missing()) {
        await new Promise<void>((resolve) => onNews = resolve);
      }
    },
    [Symbol.asyncDispose]: () => subscription[Symbol.asyncDispose](),
  };
}

const steps = {
  async "carries what is published once subscribe has resolved, whole"(
    { here, there }: RelayPair,
  ) {
    await using listener = await listen(there, 3);
    const sent = [news(3, 7), news(3)];
    await here.publish(3, sent);
    await listener.hears(...sent);
    for (const each of sent) {
      const [got] = listener.heard.filter(({ id }) => id === each.id);
      // A driver may leave the event out where it has no room for it, and nothing else.
      assert.deepEqual(
        { ...got!, event: got!.event ?? each.event },
        { ...each, event: each.event },
      );
    }
  },

  async "carries text as it is"({ here, there }: RelayPair) {
    await using listener = await listen(there, 4);
    const scopeId = scopeIn(4);
    const text = 'line\nbreak, comma, "quotes", \\ 👩‍👩‍👧 \u2028 \u0007 ¶';
    const sent: Announcement = {
      ...news(4, 1),
      scopeId,
      event: {
        type: "chat.updated",
        chatId: scopeId,
        rev: 1,
        chat: { title: text } as never,
      },
    };
    await here.publish(4, [sent]);
    await listener.hears(sent);
    const { event } = listener.heard[0]!;
    if (event) assert.deepEqual(event, sent.event);
  },

  async "reaches every subscriber of the shard, the publisher's own too"(
    { here, there }: RelayPair,
  ) {
    await using mine = await listen(here, 5);
    await using theirs = await listen(there, 5);
    await using another = await listen(there, 5);
    const sent = news(5, 1);
    await here.publish(5, [sent]);
    await Promise.all([mine, theirs, another].map((each) => each.hears(sent)));
  },

  async "crosses in both directions"({ here, there }: RelayPair) {
    await using mine = await listen(here, 6);
    await using theirs = await listen(there, 6);
    const [going, coming] = [news(6, 1), news(6, 2)];
    await Promise.all([
      here.publish(6, [going]),
      there.publish(6, [coming]),
    ]);
    await Promise.all(
      [mine, theirs].map((each) => each.hears(going, coming)),
    );
  },

  async "keeps the shards apart"({ here, there }: RelayPair) {
    await using first = await listen(there, 0);
    await using last = await listen(there, shardCount - 1);
    const [one, other] = [news(0, 1), news(shardCount - 1, 1)];
    await here.publish(0, [one]);
    await here.publish(shardCount - 1, [other]);
    await Promise.all([first.hears(one), last.hears(other)]);
    assert.ok(first.heard.every(({ id }) => id === one.id));
    assert.ok(last.heard.every(({ id }) => id === other.id));
  },

  async "carries many at once"({ here, there }: RelayPair) {
    await using listener = await listen(there, 8);
    const batches = Array.from(
      { length: 10 },
      () => Array.from({ length: 100 }, (_, rev) => news(8, rev + 1)),
    );
    await Promise.all(batches.map((batch) => here.publish(8, batch)));
    await listener.hears(...batches.flat());
  },

  async "takes a publication that nobody listens to"({ here }: RelayPair) {
    await here.publish(9, [news(9, 1)]);
    await here.publish(9, []);
  },

  async "ends with the subscription, and only for it"(
    { here, there }: RelayPair,
  ) {
    const leaving = await listen(there, 10);
    await using staying = await listen(there, 10);
    const before = news(10, 1);
    await here.publish(10, [before]);
    await leaving.hears(before);
    await leaving[Symbol.asyncDispose]();
    await leaving[Symbol.asyncDispose]();
    const after = news(10, 2);
    await here.publish(10, [after]);
    await staying.hears(before, after);
    assert.ok(!leaving.heard.some(({ id }) => id === after.id));
  },

  async "lets one listener subscribe twice"({ here, there }: RelayPair) {
    const heard: string[] = [];
    let onNews = () => {};
    const on = (batch: readonly Announcement[]) => {
      heard.push(...batch.map(({ id }) => id));
      onNews();
    };
    const first = await there.subscribe(11, on, () => {});
    await using _second = await there.subscribe(11, on, () => {});
    await first[Symbol.asyncDispose]();
    const sent = news(11, 1);
    await here.publish(11, [sent]);
    while (!heard.includes(sent.id)) {
      await new Promise<void>((resolve) => onNews = resolve);
    }
  },

  async "may be left and entered again from within a delivery"(
    { here, there }: RelayPair,
  ) {
    await using witness = await listen(there, 12);
    const again = Promise.withResolvers<
      Awaited<ReturnType<typeof listen>>
    >();
    const leaving = await there.subscribe(12, () => {
      leaving[Symbol.asyncDispose]()
        .then(() => listen(there, 12))
        .then(again.resolve, again.reject);
    }, () => {});
    const [first, second] = [news(12, 1), news(12, 2)];
    await here.publish(12, [first]);
    await using entered = await again.promise;
    await here.publish(12, [second]);
    await Promise.all([entered.hears(second), witness.hears(first, second)]);
  },

  async "delivers what it took during an interruption, or tells of a gap"(
    { here, there, interrupt }: RelayPair,
  ) {
    assert.ok(interrupt, "the driver can be interrupted, or says why not");
    let gaps = 0;
    await using listener = await listen(there, 13, () => void gaps++);
    const before = news(13, 1);
    await here.publish(13, [before]);
    await listener.hears(before);
    const mend = await interrupt();
    const during = news(13, 2);
    const taken = await here.publish(13, [during]).then(
      () => true,
      () => false,
    );
    await mend();
    const isHeard = ({ id }: Announcement) =>
      listener.heard.some((each) => each.id === id);
    const later = news(13, 3);
    while (!isHeard(later)) {
      // What is refused while it still recovers is published again.
      await here.publish(13, [later]).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    while (taken && !isHeard(during) && gaps === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },

  async "stays away once it is disposed"({ here, there }: RelayPair) {
    const gone = await listen(there, 14);
    await using staying = await listen(here, 14);
    await there[Symbol.asyncDispose]();
    const sent = news(14, 1);
    await here.publish(14, [sent]);
    await staying.hears(sent);
    assert.deepEqual(gone.heard, []);
    await gone[Symbol.asyncDispose]();
  },
};

export type RelayStep = keyof typeof steps;

/** The steps of `relayConformance`, for drivers whose pairs share what a test has started. */
export async function relaySteps(
  t: Deno.TestContext,
  makePair: () => Promise<RelayPair>,
  skips: { readonly [S in RelayStep]?: string } = {},
): Promise<void> {
  for (const [step, run] of Object.entries(steps)) {
    const reason = skips[step as RelayStep];
    await t.step({
      name: reason === undefined ? step : `${step} (skipped: ${reason})`,
      ignore: reason !== undefined,
      async fn() {
        await using pair = await makePair();
        await run(pair);
      },
    });
  }
}

/**
 * What every driver of `Relay` promises, each step on a fresh pair. Delivery is the driver's best
 * effort, so the steps expect it where nothing is broken, in any order and number. A driver that
 * skips a step says why.
 */
export function relayConformance(
  name: string,
  makePair: () => Promise<RelayPair>,
  skips: { readonly [S in RelayStep]?: string } = {},
): void {
  Deno.test(`relay ${name}`, (t) => relaySteps(t, makePair, skips));
}
