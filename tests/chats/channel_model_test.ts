import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChatId, MessageId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/protocol/messages.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { history, said } from "../messages/talk.ts";
import { accepted } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { Follower } from "../support/follower.ts";
import { freshRead } from "../support/fresh_read.ts";
import { newPerson, type Person } from "../support/peer.ts";

const kinds = [
  ...["join", "leave", "post", "comment", "read"],
  ...["promote", "demote", "ban", "unban"],
] as const;

interface Step {
  readonly kind: typeof kinds[number];
  /** Who does it, or to whom the owner does it. */
  readonly who: number;
  /** Which message; the rest of the division chooses. */
  readonly which: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds, "join", "post", "read"),
    who: fc.nat(3),
    which: fc.nat(1000),
  }),
  { minLength: 10, maxLength: 40, size: "max" },
);

interface Place {
  isIn: boolean;
  role: "owner" | "admin" | "subscriber";
  isBanned: boolean;
  joinedSeq: number;
  /** As stored; it stays when the person goes. */
  readSeq: number;
}

interface Said {
  readonly messageId: MessageId;
  readonly isPost: boolean;
  readonly viewers: Set<number>;
}

/** What a channel is after each step, in the simplest words; the first person owns it. */
class Model {
  readonly said: Said[] = [];
  readonly places: Place[];

  constructor(people: number) {
    this.places = Array.from({ length: people }, (_, i) => ({
      isIn: i === 0,
      role: i === 0 ? "owner" : "subscriber",
      isBanned: false,
      joinedSeq: 0,
      readSeq: 0,
    }));
  }

  get lastSeq() {
    return this.said.length;
  }

  readBy({ joinedSeq, readSeq }: Place) {
    return Math.max(joinedSeq, readSeq);
  }

  /** The status of the answer; the state moves on where it is a good one. */
  answer({ kind, who, which }: Step, messageId: MessageId): number {
    const place = this.places[who]!;
    switch (kind) {
      case "join":
        if (place.isIn) return 200;
        if (place.isBanned) return 403;
        Object.assign(place, { isIn: true, joinedSeq: this.lastSeq });
        return 200;
      case "leave":
        return this.#out(place) ? 204 : 404;
      case "post":
        if (!place.isIn) return 404;
        if (place.role === "subscriber") return 403;
        return this.#say(place, messageId, true);
      case "comment": {
        if (!place.isIn) return 404;
        const isPost = place.role !== "subscriber";
        const target = this.said[which % this.lastSeq]!;
        if (!isPost && !target.isPost) return 403;
        return this.#say(place, messageId, isPost);
      }
      case "read": {
        if (!place.isIn) return 404;
        const to = 1 + which % this.lastSeq;
        for (let seq = this.readBy(place) + 1; seq <= to; seq++) {
          this.said[seq - 1]!.viewers.add(who);
        }
        if (to > this.readBy(place)) place.readSeq = to;
        return 204;
      }
      case "promote":
      case "demote":
        if (!place.isIn) return 404;
        place.role = kind === "promote" ? "admin" : "subscriber";
        return 200;
      case "ban":
        this.#out(place);
        place.isBanned = true;
        return 204;
      case "unban":
        if (!place.isBanned) return 404;
        place.isBanned = false;
        return 204;
    }
  }

  #say(place: Place, messageId: MessageId, isPost: boolean) {
    this.said.push({ messageId, isPost, viewers: new Set() });
    place.readSeq = this.lastSeq;
    return 201;
  }

  #out(place: Place): boolean {
    if (!place.isIn) return false;
    Object.assign(place, { isIn: false, role: "subscriber" });
    return true;
  }
}

/** Whether the step has something to be about. The owner stays what the owner is. */
const isPossible = ({ kind, who }: Step, { lastSeq }: Model) =>
  (who > 0 || ["post", "comment", "read"].includes(kind)) &&
  (lastSeq > 0 || !["comment", "read"].includes(kind));

async function carryOut(
  people: readonly Person[],
  chatId: ChatId,
  model: Model,
  { kind, who, which }: Step,
  messageId: MessageId,
): Promise<number> {
  const [owner, person] = [people[0]!, people[who]!];
  const chat = `/chats/${chatId}`;
  const member = `${chat}/members/${person.userId}`;
  const say = (replyTo?: MessageId) =>
    person.call("POST", `${chat}/messages`, {
      messageId,
      content: said("News"),
      ...(replyTo && { replyTo }),
    });
  const role = (role: string) => owner.call("PATCH", member, { role });
  const ask: Record<Step["kind"], () => Promise<{ status: number }>> = {
    join: () => person.call("POST", `${chat}/join`),
    leave: () => person.call("DELETE", `${chat}/members/me`),
    post: () => say(),
    comment: () => say(model.said[which % model.lastSeq]!.messageId),
    read: () =>
      person.call("POST", `${chat}/read`, { seq: 1 + which % model.lastSeq }),
    promote: () => role("admin"),
    demote: () => role("subscriber"),
    ban: () => owner.call("PUT", `${chat}/bans/${person.userId}`),
    unban: () => owner.call("DELETE", `${chat}/bans/${person.userId}`),
  };
  return (await ask[kind]()).status;
}

Deno.test("a channel is what a simple model says, and everybody's picture of it the same", async () => {
  await using service = await testApp();
  const people = await Promise.all(
    ["o", "a", "b", "c"].map((name) => newPerson(service.url, name)),
  );
  const followers = people.map((person) => new Follower(person));
  for (const follower of followers) await follower.connect();
  let runs = 0;

  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const handle = `model${++runs}`;
      const body = { kind: "channel", title: "News", visibility: "public" };
      const { chatId, rev } = accepted(
        await people[0]!.call<ChatItem>("POST", "/chats", {
          ...body,
          handle,
          comments: true,
        }),
      );
      const model = new Model(people.length);
      for (const step of steps) {
        if (!isPossible(step, model)) continue;
        const messageId = crypto.randomUUID() as MessageId;
        const status = await carryOut(people, chatId, model, step, messageId);
        assert.equal(status, model.answer(step, messageId), step.kind);
      }
      await compare(people, followers, chatId, rev, model);
    }),
    { numRuns: 15 },
  );
  for (const follower of followers) {
    assert.deepEqual(follower.strays, []);
    await follower.disconnect();
  }
  assert.deepEqual(service.complaints, []);
});

async function compare(
  people: readonly Person[],
  followers: readonly Follower[],
  chatId: ChatId,
  made: number,
  model: Model,
) {
  const present = model.places.filter(({ isIn }) => isIn).length;
  for (const [i, place] of model.places.entries()) {
    const person = people[i]!;
    const answer = await person.call<ChatItem>("GET", `/chats/${chatId}`);
    if (!place.isIn) {
      assert.equal(answer.status, 404);
      continue;
    }
    const { rev, lastSeq, memberCount, me } = answer.body;
    assert.deepEqual(
      [rev, lastSeq, memberCount, me.role, me.unread],
      [
        // Nobody's coming and going counts.
        made + model.lastSeq,
        model.lastSeq,
        present,
        place.role,
        model.lastSeq - model.readBy(place),
      ],
    );
    if (model.lastSeq > 0) {
      const { items } = await history(person, chatId, "?limit=100");
      assert.deepEqual(
        items.map(({ messageId, views }) => [messageId, views]),
        model.said.map(({ messageId, isPost, viewers }) => [
          messageId,
          isPost ? viewers.size : null,
        ]),
      );
    }
    await followers[i]!.caughtUp(chatId, rev);
    const live = followers[i]!.chats.get(chatId)!.picture;
    const fresh = await freshRead(person, chatId);
    assert.deepEqual(unviewed(live.messages), unviewed(fresh.messages));
    assert.deepEqual([...fresh.members.keys()], [person.userId]);
  }
}

/** Events tell of no views. */
const unviewed = (messages: ReadonlyMap<number, Message>) =>
  [...messages.values()].sort((a, b) => a.seq - b.seq)
    .map(({ views: _, ...message }) => message);
