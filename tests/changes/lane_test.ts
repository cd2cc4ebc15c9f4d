import assert from "node:assert/strict";
import fc from "fast-check";
import type { Read } from "../../src/changes/mod.ts";
import { createLane } from "../../src/changes/lane.ts";
import { Problem } from "../../src/protocol/problem.ts";
import {
  command,
  heldLane,
  nameOf,
  postgresError,
  quiet,
  stored,
} from "./held_lane.ts";

const deadlock = postgresError("40P01");
const uniqueViolation = postgresError("23505");

Deno.test("lane: commands of several chats gather while a batch is in flight", async () => {
  const { submit, flight } = heldLane();
  const replies = [submit(command("a1", ["A"]))];
  const first = await flight();
  replies.push(submit(command("b1", ["B"])), submit(command("c1", ["C"])));
  replies.push(submit(command("a2", ["A"])));
  first.land();

  const second = await flight();
  assert.deepEqual(first.names, ["a1"]);
  assert.deepEqual(second.names, ["b1", "c1", "a2"]);
  second.land();
  assert.deepEqual(await Promise.all(replies), ["a1", "b1", "c1", "a2"]);
});

Deno.test("lane: a batch has a size, and a full one keeps the order", async () => {
  const { submit, flight, log } = heldLane({ batchSize: 2 });
  const names = ["a1", "a2", "a3", "a4", "a5"];
  const replies = names.map((name) => submit(command(name, ["A"])));
  const flown: (readonly string[])[] = [];
  while (flown.flat().length < names.length) {
    const batch = await flight();
    flown.push(batch.names);
    batch.land();
  }
  await Promise.all(replies);
  assert.deepEqual(flown, [["a1"], ["a2", "a3"], ["a4", "a5"]]);
  assert.deepEqual(
    log.filter((line) => line.startsWith("announced")),
    names.map((name) => `announced ${name}`),
  );
});

Deno.test("lane: a batch carries so many bytes, and a larger command goes alone", async () => {
  const { submit, flight } = heldLane();
  void submit(command("first", ["A"]));
  const first = await flight();
  const sizes = { a: 600, b: 400, c: 1, huge: 5000, d: 10 };
  for (const [name, bytes] of Object.entries(sizes)) {
    void submit(command(name, ["A"], undefined, bytes));
  }
  first.land();
  for (const names of [["a", "b"], ["c"], ["huge"], ["d"]]) {
    const batch = await flight();
    assert.deepEqual(batch.names, names);
    batch.land();
  }
});

Deno.test("lane: a batch names so many scopes and rows, and a larger command goes alone", async () => {
  const { submit, flight } = heldLane({ batchKeys: 10 });
  void submit(command("first", ["F"]));
  const first = await flight();
  const named = { a: [2, 4], b: [1, 3], c: [1, 0], huge: [300, 9], d: [1, 9] };
  for (const [name, [scopes, rows]] of Object.entries(named)) {
    const keys = Array.from({ length: rows! }, () => ({}));
    void submit({
      ...command(name, Array.from({ length: scopes! }, (_, i) => `${i}`)),
      reads: [{ table: {} as Read["table"], keys }, {
        table: {} as Read["table"],
        keys: [],
      }],
    });
  }
  first.land();
  for (const names of [["a", "b"], ["c"], ["huge"], ["d"]]) {
    const batch = await flight();
    assert.deepEqual(batch.names, names);
    batch.land();
  }
});

Deno.test("lane: past the bound a newcomer is refused at once", async () => {
  const { submit, flight, log } = heldLane({ waiting: 2 });
  void submit(command("a1", ["A"]));
  const first = await flight();
  const waiting = [
    submit(command("a2", ["A"])),
    submit(command("b1", ["B"])),
  ];
  assert.equal(await submit(command("c1", ["C"])), "unavailable");
  assert.deepEqual(log, ["refused c1"], "nothing else has been answered");

  first.land();
  const second = await flight();
  assert.deepEqual(second.names, ["a2", "b1"]);
  second.land();
  assert.deepEqual(await Promise.all(waiting), ["a2", "b1"]);
});

Deno.test("lane: what has waited too long is refused and never runs", async () => {
  const { submit, flight, clock, started } = heldLane({ waitMs: 1000 });
  void submit(command("a1", ["A"]));
  const first = await flight();
  const early = submit(command("early", ["B"]));
  clock.ms = 1;
  const late = submit(command("late", ["B"]));
  clock.ms = 1001;
  assert.equal(
    await submit(command("newcomer", ["C"])),
    "unavailable",
    "the lane stands still: a newcomer would wait as long",
  );

  first.land();
  assert.equal(await early, "unavailable");
  const second = await flight();
  assert.deepEqual(second.names, ["late"], "waited 1000 ms and no longer");
  second.land();
  assert.equal(await late, "late");

  const after = submit(command("after", ["C"]));
  (await flight()).land();
  assert.equal(await after, "after", "the lane goes on");
  assert.equal(started(), 3);
});

Deno.test("lane: one command that sinks the batch sinks only itself", async () => {
  const { submit, flight, log } = heldLane();
  void submit(command("first", ["F"]));
  const first = await flight();
  const replies = ["a1", "poison", "a2", "b1"].map((name) =>
    submit(command(name, [name === "b1" ? "B" : "A"]))
  );
  first.land();

  const batch = await flight();
  assert.equal(batch.names.length, 4);
  batch.fail(new Error("Sunk"));
  const parts = [["a1", "poison"], ["a1"], ["poison"], ["a2", "b1"]];
  for (const names of parts) {
    const part = await flight();
    assert.deepEqual(part.names, names, "by halves, in their order");
    if (names.includes("poison")) part.fail(new Error("Poisonous"));
    else part.land();
  }
  assert.deepEqual(await Promise.all(replies), [
    "a1",
    "Poisonous",
    "a2",
    "b1",
  ]);
  assert.ok(!log.includes("announced poison"));
});

Deno.test("lane: one that sinks a large batch costs it a few, whatever its size", async () => {
  const batchSize = 512;
  const { submit, flight, started } = heldLane({ batchSize, waiting: 1000 });
  void submit(command("first", ["F"]));
  const first = await flight();
  const replies = Array.from(
    { length: batchSize },
    (_, i) => submit(command(i === 300 ? "poison" : `${i}`, ["A"])),
  );
  first.land();
  for (let left = batchSize; left > 0;) {
    const { names, land, fail } = await flight();
    const isSunk = names.includes("poison");
    if (isSunk) fail(new Error("Poisonous"));
    else land();
    if (!isSunk || names.length === 1) left -= names.length;
  }
  const answers = await Promise.all(replies);
  assert.deepEqual(
    answers.filter((answer) => answer === "Poisonous").length,
    1,
  );
  assert.equal(started(), 1 + 1 + 2 * Math.log2(batchSize));
});

Deno.test("lane: a batch that met another transaction is tried again whole", async () => {
  const { submit, flight, log } = heldLane();
  void submit(command("first", ["F"]));
  const first = await flight();
  const replies = ["a", "b"].map((name) => submit(command(name, [name])));
  first.land();
  for (let tries = 1; tries <= 2; tries++) {
    const batch = await flight();
    assert.deepEqual(batch.names, ["a", "b"]);
    batch.fail(deadlock);
  }
  const third = await flight();
  assert.deepEqual(third.names, ["a", "b"]);
  third.land();
  assert.deepEqual(await Promise.all(replies), ["a", "b"]);
  assert.equal(log.filter((line) => line === "announced a").length, 1);
});

Deno.test("lane: contention that does not end is given up", async () => {
  const { submit, flight, started } = heldLane();
  const reply = submit(command("a", ["A"]));
  for (let tries = 1; tries <= 3; tries++) (await flight()).fail(deadlock);
  assert.match(await reply, /40P01/);
  assert.equal(started(), 3);
});

Deno.test("lane: a command that met its own id decides again, once", async () => {
  const { submit, flight, started } = heldLane();
  const once = submit(command("once", ["A"]));
  (await flight()).fail(uniqueViolation);
  (await flight()).land();
  assert.equal(await once, "once");

  const twice = submit(command("twice", ["A"]));
  (await flight()).fail(uniqueViolation);
  (await flight()).fail(uniqueViolation);
  assert.match(await twice, /23505/);
  assert.equal(started(), 4);
});

Deno.test("lane: an unknown outcome is everyone's, and nothing is announced", async () => {
  const { submit, flight, log, started } = heldLane();
  void submit(command("first", ["F"]));
  const first = await flight();
  const replies = ["a", "b"].map((name) => submit(command(name, [name])));
  first.land();
  (await flight()).fail(new Problem("unavailable"));
  assert.deepEqual(await Promise.all(replies), ["unavailable", "unavailable"]);
  assert.equal(started(), 2, "it is the caller who tries again");
  assert.deepEqual(log.slice(2), ["refused a", "refused b"]);
});

Deno.test("lane: announced before anyone is answered, in the order of the numbers", async () => {
  const { submit, flight, log } = heldLane();
  void submit(command("first", ["F"]));
  const first = await flight();
  const replies = ["a1", "b1", "a2"].map((name) =>
    submit(command(name, [name[0]!]))
  );
  first.land();
  (await flight()).land();
  await Promise.all(replies);
  assert.deepEqual(log, [
    "announced first",
    "answered first",
    "announced a1",
    "announced b1",
    "announced a2",
    "answered a1",
    "answered b1",
    "answered a2",
  ]);
});

Deno.test("lane: a command that cannot be prepared rejects alone", async (t) => {
  const failing: Record<string, () => Promise<void>> = {
    "with a rejection": () => Promise.reject(new Error("No key")),
    "by throwing": () => {
      throw new Error("No key");
    },
  };
  for (const [how, prepare] of Object.entries(failing)) {
    await t.step(how, async () => {
      const { submit, flight } = heldLane();
      void submit(command("first", ["F"]));
      const first = await flight();
      const replies = [
        submit(command("a", ["A"])),
        submit(command("unready", ["A"], prepare)),
        submit(command("b", ["B"])),
      ];
      first.land();
      const batch = await flight();
      assert.deepEqual(batch.names, ["a", "b"]);
      batch.land();
      assert.deepEqual(await Promise.all(replies), ["a", "No key", "b"]);
    });
  }

  await t.step(
    "and leaves the lane free when it was the whole batch",
    async () => {
      const { submit, flight, lane } = heldLane();
      const unready = command("a", ["A"], failing["with a rejection"]);
      assert.equal(await submit(unready), "No key");
      const next = submit(command("b", ["A"]));
      (await flight()).land();
      assert.equal(await next, "b");
      await lane.drained();
    },
  );
});

Deno.test("lane: one batch flies at a time, whatever its chats", async () => {
  const { submit, flight, started } = heldLane();
  void submit(command("a1", ["A"]));
  const first = await flight();
  void submit(command("b1", ["B"]));
  await quiet();
  assert.equal(started(), 1);
  first.land();
  assert.deepEqual((await flight()).names, ["b1"]);
});

Deno.test("lane: prepared while the batch before is in flight", async () => {
  const { submit, flight } = heldLane();
  void submit(command("a", ["A"]));
  const first = await flight();
  const prepared = Promise.withResolvers<void>();
  void submit(command("b", ["B"], () => Promise.resolve(prepared.resolve())));
  await prepared.promise;
  first.land();
});

Deno.test("lane: a refused newcomer prepares nothing", async () => {
  const { submit, flight } = heldLane({ waiting: 1 });
  void submit(command("a", ["A"]));
  await flight();
  void submit(command("b", ["B"]));
  let prepared = false;
  const refused = command(
    "c",
    ["C"],
    () => Promise.resolve(void (prepared = true)),
  );
  assert.equal(await submit(refused), "unavailable");
  assert.equal(prepared, false);
});

Deno.test("lane: prepared once and before the batch, however often it is tried", async () => {
  const { submit, flight, started } = heldLane();
  const gate = Promise.withResolvers<void>();
  let prepared = 0;
  const reply = submit(command("a", ["A"], () => {
    prepared++;
    return gate.promise;
  }));
  await quiet();
  assert.equal(started(), 0);
  gate.resolve();
  (await flight()).fail(deadlock);
  (await flight()).land();
  assert.equal(await reply, "a");
  assert.equal(prepared, 1);
});

Deno.test("lane: drained once everything is answered", async () => {
  const { submit, flight, lane, log } = heldLane();
  await lane.drained();
  void submit(command("a1", ["A"]));
  const first = await flight();
  void submit(command("a2", ["A"]));
  let isDrained = false;
  const drained = lane.drained().then(() => isDrained = true);

  first.land();
  const second = await flight();
  await quiet();
  assert.equal(isDrained, false, "a2 is still in flight");
  second.land();
  await drained;
  assert.deepEqual(log.slice(-1), ["answered a2"]);
});

Deno.test("lane: while a batch goes by halves, nothing overtakes it", async () => {
  const { submit, flight, started } = heldLane();
  void submit(command("first", ["F"]));
  const first = await flight();
  void submit(command("a1", ["A"]));
  void submit(command("b1", ["B"]));
  first.land();
  const batch = await flight();
  void submit(command("b2", ["B"]));
  batch.fail(new Error("Sunk"));
  const a1 = await flight();
  await quiet();
  assert.deepEqual(a1.names, ["a1"]);
  assert.equal(started(), 3, "b2 must not overtake b1");
  a1.land();
  const b1 = await flight();
  b1.land();
  assert.deepEqual(b1.names, ["b1"]);
  assert.deepEqual((await flight()).names, ["b2"]);
});

Deno.test("lane: whatever comes and sinks, the order is that of coming", async () => {
  const wish = fc.record({ isPoison: fc.boolean(), isUnready: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(wish, { maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      fc.scheduler(),
      async (wishes, batchSize, scheduler) => {
        const announced: string[] = [];
        let isFlying = false;
        const commands = wishes.map(({ isUnready }, i) =>
          command(`${i}`, ["A"], async () => {
            await scheduler.schedule(Promise.resolve(), `prepare ${i}`);
            if (isUnready) throw new Error("Unready");
          })
        );
        const nameIn = new Map<unknown, string>(
          commands.map((each) => [each, each.name]),
        );
        const lane = createLane({
          async commit(batch) {
            const names = batch.map((each) => nameIn.get(each)!);
            assert.ok(names.length > 0 && names.length <= batchSize);
            assert.equal(isFlying, false);
            isFlying = true;
            await scheduler.schedule(Promise.resolve(), names.join());
            isFlying = false;
            if (names.some((name) => wishes[Number(name)]!.isPoison)) {
              throw new Error("Sunk");
            }
            return stored(names);
          },
          announce: (events) => announced.push(...events.map(nameOf)),
          now: () => 0,
          limits: {
            batchSize,
            batchBytes: 1000,
            batchKeys: 1000,
            waiting: 100,
            waitMs: 1000,
          },
        });
        const settled = await scheduler.waitFor(
          Promise.allSettled(commands.map((each) => lane.submit(each))),
        );
        const isSound = wishes.map((each) => !each.isPoison && !each.isUnready);
        assert.deepEqual(
          settled.map(({ status }) => status === "fulfilled"),
          isSound,
        );
        assert.deepEqual(
          announced,
          commands.map(({ name }) => name).filter((_, i) => isSound[i]),
        );
        await lane.drained();
      },
    ),
    { numRuns: 300 },
  );
});
