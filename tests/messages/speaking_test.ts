/** What the right to speak covers, and whom a channel's subscribers are shown to. */
import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/protocol/messages.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { groupOf, type Line, newPerson, type Person } from "../support/peer.ts";
import { at, read, said, send, type Sent } from "./talk.ts";

const edit = (by: Person, message: Message) =>
  by.call("PATCH", at(message), { content: said("Something else") });
const set = async (by: Person, chatId: ChatId, patch: object) =>
  accepted(await by.call("PATCH", `/chats/${chatId}`, patch));
const thumb = `/reactions/${encodeURIComponent("👍")}`;
const question = {
  type: "poll",
  question: "When?",
  options: ["Now", "Never"],
  anonymous: false,
  multiple: false,
};

Deno.test("speaking", async (t) => {
  await using service = await testApp();
  const { url } = service;
  const [owner, ann, bob] = await Promise.all(
    ["o", "a", "b"].map((name) => newPerson(url, name)),
  ) as [Person, Person, Person];
  const channel = async () => {
    const { chatId } = accepted(
      await owner.call<ChatItem>("POST", "/chats", {
        kind: "channel",
        title: "News",
        handle: `c${crypto.randomUUID().slice(0, 8)}`,
        visibility: "public",
        comments: true,
      }),
    );
    for (const one of [ann, bob]) {
      accepted(await one.call("POST", `/chats/${chatId}/join`));
    }
    return chatId;
  };
  const promote = async (chatId: ChatId, patch: object) =>
    accepted(
      await owner.call(
        "PATCH",
        `/chats/${chatId}/members/${ann.userId}`,
        patch,
      ),
    );

  await t.step(
    "where admins alone write, a member edits nothing either",
    async () => {
      const chatId = await groupOf(owner, ann);
      const message = await send(ann, chatId);
      await set(owner, chatId, { permissions: { sendMessages: "admins" } });
      refused(await edit(ann, message), "forbidden");
      await set(owner, chatId, { permissions: { sendMessages: "everyone" } });
      accepted(await edit(ann, message));
    },
  );

  await t.step("slow mode leaves one's edits alone", async () => {
    const chatId = await groupOf(owner, ann);
    await set(owner, chatId, { slowModeSeconds: 3600 });
    accepted(await edit(ann, await send(ann, chatId)));
  });

  await t.step(
    "who may no longer post rewrites no post of the channel",
    async () => {
      const chatId = await channel();
      await promote(chatId, { role: "admin" });
      const post = await send(ann, chatId, "Official");
      accepted(await edit(ann, post));
      await promote(chatId, { role: "admin", rights: ["pinMessages"] });
      refused(await edit(ann, post), "forbidden");
      await promote(chatId, { role: "admin", rights: ["postMessages"] });
      accepted(await edit(ann, post));
    },
  );

  await t.step("where comments are off, none is edited", async () => {
    const chatId = await channel();
    const { messageId } = await send(owner, chatId);
    const comment = await send(ann, chatId, "Oh", { replyTo: messageId });
    accepted(await edit(ann, comment));
    await set(owner, chatId, { comments: false });
    refused(await edit(ann, comment), "forbidden");
    await set(owner, chatId, { comments: true });
    accepted(await edit(ann, comment));
  });

  await t.step(
    "a channel names nobody who reacts or votes, but to the person's own devices",
    async () => {
      const chatId = await channel();
      const post = await send(owner, chatId);
      const comment = await send(bob, chatId, "Oh", {
        replyTo: post.messageId,
      });
      const poll = accepted(
        await owner.call<Sent>("POST", `/chats/${chatId}/messages`, {
          content: question,
        }),
      );
      await using bobs = await bob.connect();
      await using owners = await owner.connect();
      await using mine = await ann.connect();
      await using other = await ann.connect();

      for (const message of [post, comment]) {
        accepted(await ann.call("PUT", at(message, thumb)));
        accepted(await ann.call("DELETE", at(message, thumb)));
        accepted(await ann.call("PUT", at(message, thumb)));
      }
      accepted(await ann.call("PUT", at(poll, "/vote"), { options: [0] }));
      const updates = async (line: Line) => {
        await line.heard(
          "message.updated",
          (event) => event.change === "voted",
        );
        return line.events.filter(({ type }) => type === "message.updated");
      };
      for (const line of [bobs, owners]) {
        const heard = await updates(line);
        assert.equal(heard.length, 7);
        assert.ok(!JSON.stringify(heard).includes(ann.userId));
      }
      for (const line of [mine, other]) {
        const heard = await updates(line);
        const actors = heard.map((event) =>
          (event as { userId?: string }).userId
        );
        assert.deepEqual(actors, Array(7).fill(ann.userId));
      }
      assert.deepEqual((await read(ann, post)).reactions, [
        { emoji: "👍", count: 1, mine: true },
      ]);
      const votes = at(poll, "/votes");
      for (const one of [ann, bob]) {
        refused(await one.call("GET", votes), "forbidden");
      }
      const { items } = accepted(
        await owner.call<{ items: { userId: string }[] }>("GET", votes),
      );
      assert.deepEqual(items.map(({ userId }) => userId), [ann.userId]);
    },
  );
  assert.deepEqual(service.complaints, []);
});
