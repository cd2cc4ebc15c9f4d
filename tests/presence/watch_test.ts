import assert from "node:assert/strict";
import type { UserId } from "../../src/protocol/ids.ts";
import type { Seen } from "../../src/presence/see.ts";
import { createWatch } from "../../src/presence/watch.ts";
import { newUser, type TestWatcher, watcher } from "./watchers.ts";

/** A look that the test answers when it likes. */
interface Look {
  readonly userIds: readonly UserId[];
  /** Who is online by it, and whether that may be seen. */
  answer(online: boolean, isVisible?: boolean): Promise<void>;
  fail(): Promise<void>;
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function heldWatch() {
  const looks: Look[] = [];
  const failures: unknown[] = [];
  const interested: string[] = [];
  const watch = createWatch({
    see(pairs) {
      const { promise, resolve, reject } = Promise.withResolvers<Seen>();
      looks.push({
        userIds: pairs.map(({ userId }) => userId),
        answer(online, isVisible = true) {
          const lastSeenAt = online ? null : "2026-01-01T00:00:00.000Z";
          resolve(({ userId }) =>
            isVisible ? { userId, online, lastSeenAt } : undefined
          );
          return turn();
        },
        fail() {
          reject(new Error("Away"));
          return turn();
        },
      });
      return promise;
    },
    interest: {
      take(fresh) {
        interested.push(...fresh);
        return Promise.resolve();
      },
      drop: (userId) => void interested.splice(interested.indexOf(userId), 1),
    },
    turns: (_key, work) => work(),
    background: (_what, work) =>
      void work.catch((error) => failures.push(error)),
  });
  return { watch, looks, failures, interested };
}

const states = ({ heard }: TestWatcher) => heard.map(({ online }) => online);

/** Somebody who watches somebody, and has been answered that she is offline. */
async function answered() {
  const stage = heldWatch();
  const [ann, bob] = [newUser(), newUser()];
  const anns = watcher(ann);
  const reply = stage.watch.watch(anns, [bob.userId]);
  await turn();
  await stage.looks.shift()!.answer(false);
  await reply;
  const ring = () => stage.watch.ring([bob.userId]);
  return { ...stage, ann, bob, anns, ring };
}

Deno.test("watch: only what differs from what was told last is told", async () => {
  const { looks, anns, ring } = await answered();
  for (const online of [false, true, true, false, false]) {
    ring();
    await looks.shift()!.answer(online);
  }
  assert.deepEqual(states(anns), [true, false]);
});

Deno.test("watch: rings during a look lead to one more look", async () => {
  const { looks, anns, ring } = await answered();
  ring();
  ring();
  ring();
  assert.equal(looks.length, 1);
  ring();
  await looks.shift()!.answer(true);
  assert.equal(looks.length, 1);
  await looks.shift()!.answer(false);
  assert.equal(looks.length, 0);
  assert.deepEqual(states(anns), [true, false]);
});

Deno.test("watch: rings of nobody who is watched cost nothing", async () => {
  const { watch, looks } = await answered();
  watch.ring([newUser().userId]);
  assert.equal(looks.length, 0);
});

Deno.test("watch: many people are looked at together", async () => {
  const { watch, looks } = heldWatch();
  const people = Array.from({ length: 300 }, () => newUser().userId);
  const reply = watch.watch(watcher(newUser()), people);
  await turn();
  await looks.shift()!.answer(false);
  await reply;
  watch.ring(people);
  assert.deepEqual(looks.map(({ userIds }) => userIds), [people]);
  await looks.shift()!.answer(true);
});

Deno.test("watch: a look is about so many watchers at most", async () => {
  const { watch, looks } = heldWatch();
  const people = Array.from({ length: 10 }, () => newUser().userId);
  const replies = Array.from(
    { length: 200 },
    () => watch.watch(watcher(newUser()), people),
  );
  await turn();
  await Promise.all(looks.splice(0).map((look) => look.answer(false)));
  await Promise.all(replies);
  watch.ring(people);
  const sizes: number[] = [];
  for (let look; (look = looks.shift());) {
    sizes.push(look.userIds.length);
    await look.answer(true);
  }
  assert.deepEqual(sizes, [1000, 1000]);
});

Deno.test("watch: a ring before the answer is looked after once it is given", async () => {
  const { watch, looks } = heldWatch();
  const [ann, bob] = [newUser(), newUser()];
  const anns = watcher(ann);
  const reply = watch.watch(anns, [bob.userId]);
  await turn();
  const [own] = looks.splice(0);
  watch.ring([bob.userId]);
  await looks.shift()!.answer(true);
  assert.equal(looks.length, 0, "it does not look on and on");
  assert.deepEqual(anns.heard, [], "nothing comes before the answer");
  await own!.answer(false);
  assert.equal((await reply)[0]!.online, false);
  await looks.shift()!.answer(true);
  assert.deepEqual(states(anns), [true]);
});

Deno.test("watch: of an answer and a look that crossed, the older one does not win", async () => {
  const { watch, looks, ann, bob, ring } = await answered();
  ring();
  const [crossed] = looks.splice(0);
  const late = watcher(ann);
  const reply = watch.watch(late, [bob.userId]);
  await turn();
  await looks.shift()!.answer(true);
  assert.equal((await reply)[0]!.online, true);
  // It was asked before the answer, and what it says was true before.
  await crossed!.answer(false);
  assert.deepEqual(late.heard, []);
  await looks.shift()!.answer(true);
  assert.deepEqual(late.heard, []);
  assert.equal(looks.length, 0);
});

Deno.test("watch: who may not be seen any more looks offline, until she may", async () => {
  const { looks, anns, ring } = await answered();
  ring();
  await looks.shift()!.answer(true);
  ring();
  await looks.shift()!.answer(false, false);
  assert.deepEqual(anns.heard.at(-1)?.lastSeenAt, null);
  assert.deepEqual(states(anns), [true, false]);
  ring();
  await looks.shift()!.answer(false, false);
  ring();
  await looks.shift()!.answer(true);
  assert.deepEqual(states(anns), [true, false, true]);
});

Deno.test("watch: a ring for one watcher is no look for the others", async () => {
  const { watch, looks, ann, bob, anns } = await answered();
  const cleo = watcher(newUser());
  const reply = watch.watch(cleo, [bob.userId]);
  await turn();
  await looks.shift()!.answer(false);
  await reply;
  watch.ringFor([
    { userId: bob.userId, watcherId: ann.userId },
    { userId: newUser().userId, watcherId: ann.userId },
  ]);
  await looks.shift()!.answer(true);
  assert.deepEqual([states(anns), states(cleo)], [[true], []]);
  watch.ringFor([{ userId: bob.userId, watcherId: newUser().userId }]);
  await turn();
  assert.equal(looks.length, 0, "nobody to look for");
  watch.ring([bob.userId]);
  watch.ringFor([{ userId: bob.userId, watcherId: ann.userId }]);
  await turn();
  await looks.shift()!.answer(true);
  assert.deepEqual(states(cleo), [true]);
});

Deno.test("watch: after a failed look it waits to be asked again", async () => {
  const { watch, looks, failures, anns, ring } = await answered();
  ring();
  await looks.shift()!.fail();
  ring();
  assert.deepEqual([looks.length, failures.length], [0, 1]);
  watch.retry();
  await looks.shift()!.answer(true);
  assert.deepEqual(states(anns), [true]);
  watch.retry();
  assert.equal(looks.length, 0);
});

Deno.test("watch: of two watches of one connection the later one counts", async () => {
  const { watch, looks, interested } = heldWatch();
  const [ann, bob, cleo] = [newUser(), newUser(), newUser()];
  const anns = watcher(ann);
  const replies = [
    watch.watch(anns, [bob.userId]),
    watch.watch(anns, [cleo.userId]),
  ];
  await turn();
  const [first, second] = looks.splice(0);
  await second!.answer(false);
  await first!.answer(false);
  await Promise.all(replies);
  assert.deepEqual(interested, [cleo.userId]);
  watch.ring([bob.userId, cleo.userId]);
  const [look] = looks.splice(0);
  assert.deepEqual(look!.userIds, [cleo.userId]);
  await look!.answer(true);
  assert.deepEqual(anns.heard.map(({ userId }) => userId), [cleo.userId]);
});

Deno.test("watch: who goes before the answer leaves nothing behind", async () => {
  const { watch, looks, interested } = heldWatch();
  const [ann, bob] = [newUser(), newUser()];
  const anns = watcher(ann);
  const reply = watch.watch(anns, [bob.userId]);
  await turn();
  watch.ring([bob.userId]);
  watch.unwatch(anns);
  for (const look of looks.splice(0)) await look.answer(true);
  await reply;
  assert.deepEqual([interested, watch.size, anns.heard], [[], 0, []]);
  assert.equal(looks.length, 0);
});

Deno.test("watch: one that fails after it was left gives nothing away that is another's", async () => {
  const { watch, looks, interested } = heldWatch();
  const bob = newUser();
  const [anns, cleos] = [watcher(newUser()), watcher(newUser())];
  const failing = watch.watch(anns, [bob.userId]).catch(() => {});
  await turn();
  watch.unwatch(anns);
  assert.deepEqual(interested, []);
  const watching = watch.watch(cleos, [bob.userId]);
  await turn();
  assert.deepEqual(interested, [bob.userId]);
  await looks[0]!.fail();
  await failing;
  assert.deepEqual(interested, [bob.userId], "still watched by another one");
  await looks[1]!.answer(true);
  await watching;
  assert.equal(watch.size, 1);
});
