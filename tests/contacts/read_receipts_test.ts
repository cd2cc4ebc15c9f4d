/** Who sees what somebody has read: every rule, towards everybody, wherever receipts are told. */
import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { MessageStatus } from "../../src/protocol/messages.ts";
import type { PrivacyRule } from "../../src/protocol/privacy.ts";
import type { Changes } from "../../src/protocol/sync.ts";
import { accepted } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import {
  directChat,
  groupOf,
  type Line,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import { at, send, type Sent } from "../messages/talk.ts";
import {
  isBlocked,
  lets,
  type Relation,
  relations,
  rules,
  type Viewers,
} from "./privacy_matrix.ts";

const read = async (by: Person, chatId: ChatId, seq: number) =>
  void accepted(await by.call("POST", `/chats/${chatId}/read`, { seq }));

/** Fails unless one member sees that another one has read a message, or does not, in all places. */
async function sees(
  viewer: Person,
  line: Line,
  reader: Person,
  message: Parameters<typeof at>[0],
  isSeen: boolean,
) {
  const { chatId, seq } = message;
  const isHers = ({ userId }: { userId: string }) => userId === reader.userId;
  // That it was delivered is told in any case, and what was read with it.
  const event = await line.heard(
    "receipt.updated",
    (e) => e.chatId === chatId && isHers(e) && e.deliveredSeq >= seq,
  );
  assert.equal(event.readSeq >= seq, isSeen, "in the event");
  const { members, status } = accepted(
    await viewer.call<MessageStatus>("GET", at(message, "/status")),
  );
  assert.equal(members.find(isHers)?.read, isSeen, "in the status");
  if (!isSeen) assert.notEqual(status, "read");
  const { receipts } = accepted(
    await viewer.call<Changes>("GET", `/chats/${chatId}/changes?since=0`),
  );
  assert.equal(receipts.find(isHers)!.readSeq >= seq, isSeen, "in the changes");
}

interface Talk {
  readonly relation: Relation;
  readonly viewer: Person;
  readonly line: Line;
  readonly message: Sent;
}

Deno.test("read receipts", async (t) => {
  await using service = await testApp();
  const { url } = service;
  const names = Object.keys(relations) as Relation[];
  const viewers = Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await newPerson(url, name)] as const),
    ),
  ) as Viewers;
  const writer = await newPerson(url, "writer");
  const ids = names.map((name) => viewers[name].userId);

  for (const [ruleName, ruleOf] of rules) {
    await t.step(`for ${ruleName}`, async () => {
      const rule: Partial<PrivacyRule> = ruleOf(ids);
      const owner = await newPerson(url, "owner");
      const groupId = await groupOf(owner, writer, ...Object.values(viewers));
      await using lines = new AsyncDisposableStack();
      const hers = lines.use(await owner.connect());
      const own = await send(owner, groupId);
      const other = await send(writer, groupId);
      const isPublic = rule.who === "everyone" && !rule.deny;

      const talks: Talk[] = [];
      for (const relation of names) {
        const viewer = viewers[relation];
        const chatId = await directChat(owner, viewer);
        const message = await send(viewer, chatId);
        await relations[relation](owner, viewer);
        const line = lines.use(await viewer.connect());
        talks.push({ relation, viewer, line, message });
      }
      const privacy = { readReceipts: rule };
      accepted(await owner.call("PATCH", "/me", { privacy }));
      if (ruleName !== "everyone") await hers.heard("account.updated");

      for (const { relation, viewer, line, message } of talks) {
        const isShown = !isBlocked(relation) && lets(rule, relation);
        const { chatId, seq } = message;
        await read(owner, chatId, seq);
        try {
          await sees(viewer, line, owner, message, isShown);
          if (isBlocked(relation)) continue;
          const answer = await send(owner, chatId);
          await read(viewer, chatId, answer.seq);
          await sees(owner, hers, viewer, answer, isShown);
        } catch (error) {
          throw new Error(`${relation}: ${error}`);
        }
      }

      await read(owner, groupId, other.seq);
      // Her own devices know in any case.
      await hers.heard(
        "receipt.updated",
        ({ userId, chatId, readSeq }) =>
          userId === owner.userId && chatId === groupId &&
          readSeq === other.seq,
      );
      for (const { viewer, line } of talks) {
        await read(viewer, groupId, other.seq);
        await sees(viewer, line, owner, other, isPublic);
        await sees(owner, hers, viewer, other, isPublic);
      }
      // Among the others nothing is hidden.
      const [{ viewer, line }, another] = talks as [Talk, Talk];
      await sees(viewer, line, another.viewer, own, true);
      // What she has written after, all can tell that she has read.
      const said = await send(owner, groupId);
      const { receipts } = accepted(
        await viewers.stranger.call<Changes>(
          "GET",
          `/chats/${groupId}/changes?since=0`,
        ),
      );
      const receipt = receipts.find(({ userId }) => userId === owner.userId);
      assert.equal(receipt!.readSeq, said.seq);
    });
  }
  assert.deepEqual(service.complaints, []);
});

Deno.test("read receipts are hidden by the sweep too, and from devices that are connected elsewhere", async () => {
  await using here = await testApp({ SWEEP_MS: "100" });
  await using there = await anotherIsolate(here);
  const ann = await newPerson(here.url, "ann");
  const bob = await newPerson(here.url, "bob");
  const cleo = await newPerson(here.url, "cleo");
  const groupId = await groupOf(ann, bob, cleo);
  const { seq } = await send(ann, groupId);
  const elsewhere = (person: Person) =>
    personOf(there.url, person.session).connect();
  await using bobs = await elsewhere(bob);
  await using anns = await elsewhere(ann);
  const privacy = { readReceipts: { who: "contacts" } };
  accepted(await bob.call("PATCH", "/me", { privacy }));
  // The isolate has learned of it once it says so.
  await bobs.heard("account.behind");

  const isOf = (person: Person) => (e: { userId: string; readSeq: number }) =>
    e.userId === person.userId;
  await read(bob, groupId, seq);
  await read(cleo, groupId, seq);
  assert.equal((await anns.heard("receipt.updated", isOf(bob))).readSeq, 0);
  assert.equal((await anns.heard("receipt.updated", isOf(cleo))).readSeq, seq);
  assert.equal((await bobs.heard("receipt.updated", isOf(cleo))).readSeq, 0);
  await bobs.heard(
    "receipt.updated",
    (e) => isOf(bob)(e) && e.readSeq === seq,
  );
  // A connection made after knows it from the start.
  await using late = await elsewhere(bob);
  const next = await send(ann, groupId);
  await read(cleo, groupId, next.seq);
  const told = await late.heard(
    "receipt.updated",
    (e) => isOf(cleo)(e) && e.deliveredSeq === next.seq,
  );
  assert.equal(told.readSeq, 0);
  assert.deepEqual([...here.complaints, ...there.complaints], []);
});

Deno.test("what one has read of one's own notes is nobody's business, and told to all one's devices", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url, "ann");
  const chatId = await directChat(ann, ann);
  await using line = await ann.connect();
  for (const who of ["everyone", "nobody"]) {
    const privacy = { readReceipts: { who } };
    accepted(await ann.call("PATCH", "/me", { privacy }));
    const { seq } = await send(ann, chatId);
    await read(ann, chatId, seq);
    const { receipts } = accepted(
      await ann.call<Changes>("GET", `/chats/${chatId}/changes?since=0`),
    );
    assert.deepEqual(receipts.map(({ readSeq }) => readSeq), [seq]);
  }
  await line.ask({ type: "ping" });
  assert.deepEqual(service.complaints, []);
});
