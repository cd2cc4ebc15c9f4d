import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Event } from "../../src/protocol/events.ts";
import { eventually, settle } from "./eventually.ts";
import { type FakeConnection, userId } from "./fake_service.ts";
import { chatId, ModelChat } from "./model_chat.ts";
import { serveChats } from "./serve_chat.ts";
import { heard, setStage, type Stage } from "./stage.ts";

const me = userId(1);
const others = [userId(2), userId(3)];

const who = fc.nat(2);
const which = fc.nat(30);
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("send"), who }) },
  fc.record({ type: fc.constant("reply"), who, which }),
  fc.record({ type: fc.constant("edit"), which }),
  fc.record({ type: fc.constant("delete"), which }),
  fc.record({ type: fc.constant("pin"), which }),
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("react"), who, which }),
  },
  fc.record({ type: fc.constant("rename"), which }),
  fc.record({ type: fc.constant("role"), which }),
  fc.record({ type: fc.constant("come or go") }),
  fc.record({ type: fc.constant("read"), who, which }),
  fc.record({ type: fc.constant("hide"), which }),
);
type Change = { type: string; who?: number; which?: number };

/** What the way to the client does to one event. */
const fate = fc.constantFrom("sent", "sent", "lost", "twice", "late");

const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ change, fate }) },
  fc.constant("cut" as const),
  fc.constant("time passes" as const),
  fc.constant("a moment" as const),
  fc.constant("open" as const),
  fc.constant("older" as const),
);

Deno.test("whatever happens on the way, the client ends up with what the service has", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(8),
      fc.array(step, { minLength: 5, maxLength: 60 }),
      async (before, steps) => {
        await using stage = setStage();
        const run = await start(stage, before);
        for (const step of steps) {
          if (step === "cut") await run.cut();
          else if (step === "open") run.open();
          else if (step === "older") run.older();
          else if (step === "a moment") await settle(2);
          else if (step === "time passes") stage.clock.advance(300);
          else run.change(step.change, step.fate);
        }
        await run.finish();
      },
    ),
    { numRuns: Number(Deno.env.get("CONVERGENCE_RUNS") ?? 60) },
  );
});

async function start(stage: Stage, messagesBefore: number) {
  const { client, service, clock } = stage;
  const chat = new ModelChat(chatId(1), [me, ...others]);
  for (let i = 0; i < messagesBefore; i++) chat.send(others[0]!, `old ${i}`);
  // Small pages, so that there are several.
  serveChats(service, [chat], { pageItems: 3 });
  const told = heard(client, "message");
  const revs: number[] = [];
  for (
    const type of [
      "message.created",
      "message.updated",
      "chat.updated",
      "member.joined",
      "member.updated",
      "member.left",
    ] as const
  ) client.on(type, ({ rev }) => revs.push(rev));

  let accountRev = 1;
  const welcome = () => ({ accountRev, chats: [chat.head(me)] });
  let connection: FakeConnection = await stage.live(welcome());
  const firstSeq = chat.lastSeq + 1;
  let late: Event[] = [];
  const loads: Promise<{ code?: string } | undefined>[] = [];
  const loading = (load: Promise<unknown>) =>
    loads.push(load.then(() => undefined, (error) => error));

  function perform({ type, who = 0, which = 0 }: Change): Event | undefined {
    const person = [me, ...others][who]!;
    const seq = chat.lastSeq === 0 ? 0 : which % chat.lastSeq + 1;
    const isDeleted = chat.messages[seq - 1]?.message.deletedAt !== null;
    if (type === "send") return chat.send(person, `message ${chat.lastSeq}`);
    if (type === "rename") return chat.rename(`Name ${which}`);
    if (type === "role") {
      return chat.setRole(others[0]!, which % 2 ? "admin" : "member");
    }
    if (type === "come or go") {
      const isIn = chat.present.includes(others[1]!);
      return isIn ? chat.leave(others[1]!) : chat.join(others[1]!);
    }
    if (seq === 0) return;
    if (type === "read") return chat.read(person, seq);
    if (type === "hide") {
      if (chat.hidden.has(seq)) return;
      chat.hidden.add(seq);
      const { messageId } = chat.messages[seq - 1]!.message;
      const { chatId } = chat;
      // The account's own events are not what is tried here: they always arrive.
      connection.send({
        type: "message.hidden",
        accountRev: ++accountRev,
        chatId,
        seq,
        messageId,
      });
      return;
    }
    if (isDeleted) return;
    if (type === "reply") return chat.send(person, "reply", seq);
    if (type === "edit") return chat.edit(seq, `edit ${which}`);
    if (type === "delete") return chat.deleteForAll(seq);
    if (type === "pin") return chat.pin(seq);
    return chat.react(seq, person, which % 2 ? "👍" : "🎉");
  }

  async function cut() {
    connection.close(1001);
    await eventually("the loss", () => client.connection === "offline");
    late = [];
    clock.advance(60_000);
    connection = await service.welcomed(welcome());
    await eventually("the return", () => client.connection === "live");
  }

  return {
    cut,
    change(change: Change, fate: string) {
      const event = perform(change);
      if (!event || fate === "lost") return;
      if (fate === "late") return void late.push(event);
      connection.send(event);
      if (fate === "twice") connection.send(event);
      if (late.length > 1) connection.send(...late.splice(0));
    },
    // A cut may end these; then it is done, or asked for again, later.
    open: () => loading(client.open(chat.chatId, { messages: 4 })),
    older: () => loading(client.older(chat.chatId, { messages: 4 })),

    async finish() {
      // What the sweep of the real service says in the end, whatever was lost.
      const { rev } = chat;
      const pulls = () =>
        service.connections.flatMap(({ frames }) => frames)
          .filter(({ type }) => type === "changes").length;
      const before = pulls();
      await eventually("a pull", () => {
        if (pulls() > before) return true;
        // Again, because one that comes during a pull asks for no other.
        connection.send({ type: "chat.behind", chatId: chat.chatId, rev });
        // What failed on a lost connection waits for its next try.
        clock.advance(20);
      });
      const state = () => client.chatState(chat.chatId)!;
      await eventually("the last rev", () => {
        clock.advance(20);
        return state().rev === rev;
      });
      for (const error of await Promise.all(loads)) {
        equal(error?.code ?? "unavailable", "unavailable", String(error));
      }
      // A mark after which nothing more can come.
      const marks = heard(client, "presence");
      connection.send({
        type: "presence",
        userId: me,
        online: true,
        lastSeenAt: null,
      });
      await eventually("the mark", () => marks.length > 0);

      const { messages, from, lastSeq, receipts, members } = state();
      equal(lastSeq, chat.lastSeq);
      deepEqual(messages, chat.seenBy(me).filter((m) => m.seq >= from));
      ok(from <= firstSeq);
      deepEqual(
        new Map([...receipts].sort()),
        new Map([...chat.receipts].sort()),
      );
      for (const [userId, member] of members) {
        deepEqual(member, chat.members.get(userId));
      }
      deepEqual(revs, [...new Set(revs)].sort((a, b) => a - b));
      const seqs = told.map(({ message }) => message.seq).sort((a, b) => a - b);
      deepEqual(seqs, [...new Set(seqs)]);
      for (let seq = firstSeq; seq <= lastSeq; seq++) {
        ok(seqs.includes(seq) || chat.hidden.has(seq), `${seq} was not told`);
      }
    },
  };
}
