import assert from "node:assert/strict";
import type { Changes } from "../../../src/protocol/sync.ts";
import { Follower } from "../../support/follower.ts";
import { type ChatPicture, freshRead } from "../../support/fresh_read.ts";
import { groupOf, type Person } from "../../support/peer.ts";
import { granted } from "../../support/say.ts";
import type { Model } from "./chat_model.ts";
import { compare } from "./compare.ts";
import { type Done, explain, logOf, shownBy } from "./history.ts";
import type { Plan } from "./operation.ts";
import { perform } from "./perform.ts";
import { wishOf } from "./wish.ts";

/** People in a run. The first one watches: it stays in the group and keeps its connection. */
export const actors = 6;
/** Operations of one actor that may be under way at once. */
const window = 8;

/**
 * Lets the actors carry out the plans, all at once, each its own in order; then compares what every
 * client has with what it would read anew, and with what was answered.
 * `isOneIsolate` says that the events reach everyone: then no rev may be missing between two of them,
 * and they tell enough to compare what the service did with the model.
 */
export async function play(
  people: readonly Person[],
  plans: readonly Plan[],
  { isOneIsolate }: { isOneIsolate: boolean },
): Promise<{ operations: number; refused: number; events: number }> {
  const followers = people.map((person) => new Follower(person));
  const [watcher, owner, ...others] = people;
  // Two of the people are outside at first.
  const chatId = await groupOf(owner!, watcher!, ...others.slice(2));
  const path = `/chats/${chatId}/members/${watcher!.userId}`;
  await owner!.call("PATCH", path, { role: "admin" });
  const start = await startOf(watcher!, chatId);
  await Promise.all(followers.map((follower) => follower.connect()));

  const done = await carryOut(followers, chatId, start.rev, plans);
  const fresh = await freshRead(watcher!, chatId);
  for (const follower of followers) {
    if (fresh.members.get(follower.userId)?.leftAt !== null) continue;
    await follower.caughtUp(chatId, fresh.rev);
    assert.deepEqual(
      await follower.confirm(chatId),
      await freshRead(follower.person, chatId),
    );
  }
  keptAsAnswered(fresh, done);
  if (isOneIsolate) {
    // Without a relay, an isolate hears of a removal elsewhere from the sweep; a client may know before.
    for (const { strays } of followers) assert.deepEqual(strays, []);
    assert.deepEqual(followers.map(({ gaps }) => gaps), people.map(() => 0));
    const log = logOf(chatId, followers);
    const model = explain(start, fresh.rev, log, done);
    for (const person of people) await compare(model, person, chatId, done);
  }
  await Promise.all(followers.map((follower) => follower.disconnect()));
  const refused = done.filter(({ answered }) => "refused" in answered).length;
  const events = fresh.rev - start.rev;
  return { operations: done.length, refused, events };
}

/** Every actor carries out its own plans, beside the others. */
async function carryOut(
  followers: readonly Follower[],
  chatId: string,
  startRev: number,
  plans: readonly Plan[],
): Promise<Done[]> {
  const done: Done[] = [];
  const messageIds: string[] = [];
  const people = followers.map(({ person }) => person);

  const known = () =>
    Math.max(startRev, ...followers.map((follower) => follower.rev(chatId)));
  let banning = Promise.resolve();
  let reading: Promise<number> | undefined;
  let next: Promise<number> | undefined;
  /** Where the chat is, read after the call: those who ask during one read share the next one. */
  function headRev(): Promise<number> {
    next ??= (reading ?? Promise.resolve(0)).then(() => {
      reading = next;
      next = undefined;
      return readHead();
    });
    return next;
  }
  async function readHead() {
    const since = Number.MAX_SAFE_INTEGER;
    const frame = { type: "changes", chatId, since, limit: 1 };
    return (await granted<Changes>(followers[0]!.line.ask(frame))).to;
  }

  async function step(follower: Follower, plan: Plan) {
    const seqs = follower.chats.get(chatId)?.picture.messages.keys() ?? [];
    const wish = wishOf(plan, people, messageIds, Math.max(0, ...seqs));
    const by = follower.userId;
    async function ask() {
      const from = known();
      const answered = await perform(follower, chatId, wish);
      const one = { by, wish, answered, from, to: 0 };
      done.push(one);
      one.to = await headRev();
    }
    if (wish.kind !== "ban" && wish.kind !== "unban") return await ask();
    // One after the other: no rev tells in which order they came.
    await (banning = banning.then(ask));
  }

  async function act(follower: Follower, own: readonly Plan[]) {
    const underWay = new Set<Promise<void>>();
    const all: Promise<void>[] = [];
    for (const plan of own) {
      const reconnects = plan.kind === "reconnect";
      if (plan.waits || reconnects) await Promise.all(underWay);
      if (underWay.size >= window) await Promise.race(underWay);
      if (reconnects) {
        await follower.disconnect();
        await follower.connect();
        continue;
      }
      const one = step(follower, plan);
      const isOver = () => void underWay.delete(one);
      one.then(isOver, isOver);
      underWay.add(one);
      all.push(one);
    }
    await Promise.all(all);
  }

  await Promise.all(followers.map((follower, actor) => {
    const own = plans.filter((plan) => plan.actor === actor);
    // The first one watches throughout.
    return act(
      follower,
      actor === 0 ? own.filter(({ kind }) => kind !== "reconnect") : own,
    );
  }));
  return done;
}

/** Fails unless each message that was acknowledged stands where its sender was told. */
function keptAsAnswered(fresh: ChatPicture, done: readonly Done[]): void {
  const bySeq = [...fresh.messages.values()];
  for (const { wish, answered } of done) {
    if (wish.kind !== "send" || !("seq" in answered)) continue;
    const message = bySeq.find(({ messageId }) => messageId === wish.messageId);
    // Absent where the one who watches has hidden it.
    if (message) assert.equal(message.seq, answered.seq);
  }
}

/** The group as it was made. */
async function startOf(reader: Person, chatId: string): Promise<Model> {
  const { rev, chat, members, messages } = await freshRead(reader, chatId);
  return {
    rev,
    title: chat!.title!,
    isSlow: false,
    banned: new Set(),
    members: new Map(
      [...members].map(([userId, { role, rights, joinedAt, rev }]) => [
        userId,
        {
          ...{ role, rights, present: true, since: joinedAt, rev },
          joinedSeq: 0,
          hasSentSlowly: false,
        },
      ]),
    ),
    messages: new Map(
      [...messages.values()].map((message) => {
        const said = shownBy(message);
        return [said.messageId, { ...said, reactions: [], poll: null }];
      }),
    ),
  };
}
