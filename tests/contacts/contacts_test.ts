import assert from "node:assert/strict";
import type { Contact } from "../../src/protocol/contacts.ts";
import type { AccountExport } from "../../src/protocol/export.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Sync } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import {
  call,
  directChat,
  type Line,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { send } from "../messages/talk.ts";
import {
  accept,
  ask,
  befriend,
  block,
  drop,
  listed,
  relationship,
  remove,
  unblock,
} from "./acquaintance.ts";

/** What two people are to each other. */
const between = async (ann: Person, bob: Person) => [
  await relationship(ann, bob),
  await relationship(bob, ann),
];

const sync = async (by: Person, cursor?: string): Promise<Sync> =>
  accepted(
    await by.call<Sync>("GET", `/sync${cursor ? `?cursor=${cursor}` : ""}`),
  );

Deno.test("contacts", async (t) => {
  await using service = await testApp();
  const { url } = service;
  const pair = () =>
    Promise.all([newPerson(url, "ann"), newPerson(url, "bob")]);

  await t.step(
    "a request is accepted, and all devices of both hear of it",
    async () => {
      const [ann, bob] = await pair();
      const login = { login: bob.username, password };
      const again = await call<Person["session"]>(url, "POST", "/auth/login", {
        body: login,
      });
      const tablet = personOf(url, accepted(again));
      await using anns = await ann.connect();
      await using bobs = await bob.connect();
      await using tablets = await tablet.connect();

      const asked = await ask(ann, bob);
      assert.equal(asked.status, 201);
      assert.equal(asked.body.state, "outgoing");
      assert.equal(asked.body.user.username, bob.username);
      for (const line of [bobs, tablets]) {
        const { contact, accountRev } = await line.heard("contact.updated");
        assert.equal(contact.userId, ann.userId);
        assert.equal(contact.state, "incoming");
        assert.equal(contact.viewed, false);
        assert.equal(contact.accountRev, accountRev);
      }
      assert.equal((await ask(ann, bob)).status, 200);
      assert.deepEqual(await between(ann, bob), ["outgoing", "incoming"]);

      const made = accepted(await accept(bob, ann));
      assert.equal(made.state, "accepted");
      for (const line of [anns, bobs, tablets]) {
        await line.heard(
          "contact.updated",
          (e) => e.contact.state === "accepted",
        );
      }
      assert.deepEqual(await between(ann, bob), ["contact", "contact"]);
      accepted(await accept(bob, ann));
      assert.equal((await ask(bob, ann)).status, 200);
      refused(await drop(ann, bob), "conflict");
      assert.deepEqual(
        anns.events.map((e) => "contact" in e ? e.contact.state : e.type),
        ["outgoing", "accepted"],
      );
    },
  );

  await t.step(
    "a request is rejected, or withdrawn, and can be made again",
    async () => {
      const [ann, bob] = await pair();
      for (const by of [ann, bob]) {
        accepted(await ask(ann, bob));
        accepted(await drop(by, by === ann ? bob : ann));
        assert.deepEqual(await between(ann, bob), ["none", "none"]);
        refused(await accept(bob, ann), "not_found");
        accepted(await drop(by, by === ann ? bob : ann));
      }
      accepted(await ask(bob, ann));
      refused(await accept(bob, ann), "not_found");
      assert.deepEqual(await between(ann, bob), ["incoming", "outgoing"]);
    },
  );

  await t.step("two requests that cross make contacts", async () => {
    const [ann, bob] = await pair();
    await Promise.all([ask(ann, bob), ask(bob, ann)]);
    assert.deepEqual(await between(ann, bob), ["contact", "contact"]);
  });

  await t.step("a contact is removed on both sides", async () => {
    const [ann, bob] = await pair();
    await befriend(ann, bob);
    await using bobs = await bob.connect();
    accepted(await remove(ann, bob));
    const { contact } = await bobs.heard("contact.updated");
    assert.equal(contact.state, "none");
    assert.deepEqual(await between(ann, bob), ["none", "none"]);
    accepted(await remove(ann, bob));
  });

  await t.step("somebody who is blocked just loses the contact", async () => {
    const [ann, bob] = await pair();
    await befriend(ann, bob);
    await using anns = await ann.connect();
    await using bobs = await bob.connect();
    assert.equal(accepted(await block(ann, bob)).state, "blocked");
    assert.equal(
      (await anns.heard("contact.updated")).contact.state,
      "blocked",
    );
    assert.equal((await bobs.heard("contact.updated")).contact.state, "none");
    assert.deepEqual(await between(ann, bob), ["blocked", "none"]);
    refused(await ask(bob, ann), "blocked");
    refused(await ask(ann, bob), "blocked");

    const before = accepted(await bob.call<Sync>("GET", "/sync"));
    const strangers = await pair();
    accepted(await block(strangers[0], bob));
    accepted(await unblock(strangers[0], bob));
    assert.equal((await sync(bob)).accountRev, before.accountRev);

    accepted(await block(bob, ann));
    accepted(await unblock(ann, bob));
    assert.deepEqual(await between(ann, bob), ["none", "blocked"]);
    refused(await ask(ann, bob), "blocked");
    accepted(await unblock(bob, ann));
    accepted(await unblock(bob, ann));
    assert.equal((await ask(ann, bob)).status, 201);
  });

  await t.step("nobody has to do with nobody, nor with oneself", async () => {
    const [ann] = await pair();
    const nobody = { userId: crypto.randomUUID() as Person["userId"] };
    refused(await ask(ann, nobody), "not_found");
    refused(await accept(ann, nobody), "not_found");
    refused(await block(ann, nobody), "not_found");
    for (const verb of [drop, remove, unblock]) {
      accepted(await verb(ann, nobody));
    }
    for (const verb of [ask, accept, block, drop, remove, unblock]) {
      refused(await verb(ann, ann), "invalid_input");
    }
    assert.equal(await relationship(ann, ann), "self");
  });

  await t.step(
    "each list shows its own, the newest first, page by page",
    async () => {
      const ann = await newPerson(url, "ann");
      const others = await Promise.all(
        Array.from({ length: 5 }, () => newPerson(url, "peer")),
      );
      for (const other of others) await befriend(ann, other);
      const [one, two, three] = others as [Person, Person, Person];
      accepted(await block(ann, one));
      accepted(await remove(ann, two));
      accepted(await ask(ann, two));
      accepted(await remove(ann, three));
      accepted(await ask(three, ann));

      const names = (contacts: readonly Contact[]) =>
        contacts.map(({ userId }) => userId);
      assert.deepEqual(names(await listed(ann, "blocked")), [one.userId]);
      assert.deepEqual(names(await listed(ann, "outgoing")), [two.userId]);
      assert.deepEqual(names(await listed(ann, "incoming")), [three.userId]);
      const paged: Contact[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null
          ? ""
          : `&cursor=${encodeURIComponent(cursor)}`;
        const page: List<Contact> = accepted(
          await ann.call<List<Contact>>("GET", `/contacts?limit=1${query}`),
        );
        paged.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      assert.deepEqual(names(paged), [others[4]!.userId, others[3]!.userId]);
      refused(await ann.call("GET", "/contacts?state=none"), "invalid_input");
      refused(await ann.call("GET", "/contacts?cursor=x"), "invalid_input");
    },
  );

  await t.step(
    "requests are new until they are looked at, on all devices",
    async () => {
      const [ann, bob] = await pair();
      const cleo = await newPerson(url, "cleo");
      accepted(await ask(bob, ann));
      await using anns = await ann.connect();
      const { cursor } = await sync(ann);
      const viewed = () => ann.call("POST", "/contacts/requests/viewed");
      accepted(await viewed());
      const { accountRev } = await anns.heard("contact.viewed");
      accepted(await viewed());
      accepted(await ask(cleo, ann));
      const { contact } = await anns.heard("contact.updated");
      assert.equal(
        contact.accountRev,
        accountRev + 1,
        "seen twice is seen once",
      );
      assert.deepEqual(
        (await listed(ann, "incoming")).map((each) => each.viewed),
        [false, true],
      );
      const news = await sync(ann, cursor);
      assert.equal(news.contactsViewedRev, accountRev);
      assert.deepEqual(news.contacts, [contact]);
      assert.equal((await sync(ann, news.cursor)).contactsViewedRev, null);
    },
  );

  await t.step(
    "what was missed comes with sync, ended contacts too",
    async () => {
      const [ann, bob] = await pair();
      await befriend(ann, bob);
      const { cursor, contacts } = await sync(ann);
      assert.deepEqual(contacts, await listed(ann, "accepted"));
      assert.deepEqual((await sync(ann, cursor)).contacts, []);
      accepted(await block(bob, ann));
      const news = await sync(ann, cursor);
      assert.deepEqual(
        news.contacts.map(({ userId, state }) => [userId, state]),
        [[bob.userId, "none"]],
      );
      const document = accepted(
        await bob.call<AccountExport>("GET", "/me/export"),
      );
      assert.deepEqual(document.contacts, await listed(bob, "blocked"));
    },
  );

  await t.step(
    "whoever deletes the account goes off everybody's lists",
    async () => {
      const ann = await newPerson(url, "ann");
      const [friend, asker, asked, blocker, blocked] = await Promise.all(
        ["friend", "asker", "asked", "blocker", "blocked"].map((name) =>
          newPerson(url, name)
        ),
      ) as [Person, Person, Person, Person, Person];
      await befriend(ann, friend);
      accepted(await ask(asker, ann));
      accepted(await ask(ann, asked));
      accepted(await block(blocker, ann));
      accepted(await block(ann, blocked));
      const listeners = [friend, asker, asked, blocker];
      await using lines = new AsyncDisposableStack();
      const heard: Line[] = [];
      for (const other of listeners) {
        heard.push(lines.use(await other.connect()));
      }
      accepted(await ann.call("DELETE", "/me", { password }));
      for (const line of heard) {
        const { contact } = await line.heard("contact.updated");
        assert.deepEqual([contact.userId, contact.state], [ann.userId, "none"]);
      }
      for (const other of [...listeners, blocked]) {
        assert.equal(
          accepted(
            await other.call<{ relationship: string }>(
              "GET",
              `/users/${ann.userId}`,
            ),
          ).relationship,
          "none",
        );
      }
      refused(await ask(friend, ann), "not_found");
      refused(await block(friend, ann), "not_found");
    },
  );

  await t.step(
    "after a block nothing is said in the direct chat, in either direction",
    async () => {
      const [ann, bob] = await pair();
      const cleo = await newPerson(url, "cleo");
      const chatId = await directChat(ann, bob);
      const hers = await send(ann, chatId);
      const his = await send(bob, chatId);
      const thumb = encodeURIComponent("👍");
      const at = (message: { messageId: string }, rest = "") =>
        `/chats/${chatId}/messages/${message.messageId}${rest}`;
      const content = { type: "text", text: "Anew" };
      accepted(await ann.call("PUT", at(his, `/reactions/${thumb}`)));
      accepted(await ann.call("PUT", at(his, "/pin")));

      accepted(await block(ann, bob));
      await using anns = await ann.connect();
      await using bobs = await bob.connect();
      for (
        const [who, line, own, other] of [
          [ann, anns, hers, his],
          [bob, bobs, his, hers],
        ] as const
      ) {
        const messages = `/chats/${chatId}/messages`;
        refused(await who.call("POST", messages, { content }), "blocked");
        const messageId = crypto.randomUUID();
        const sent = await line.ask({
          type: "send",
          chatId,
          messageId,
          content,
        });
        assert.ok(!sent.ok && sent.error.code === "blocked");
        refused(await who.call("PATCH", at(own), { content }), "blocked");
        const smile = encodeURIComponent("😀");
        refused(
          await who.call("PUT", at(other, `/reactions/${smile}`)),
          "blocked",
        );
        refused(await who.call("PUT", at(hers, "/pin")), "blocked");
        // What was sent once is still answered for.
        const again = { content, messageId: own.messageId };
        assert.equal((await who.call("POST", messages, again)).status, 200);
        assert.equal((await who.call("GET", messages)).status, 200);
      }
      // To take back is not to say.
      accepted(await ann.call("DELETE", at(his, `/reactions/${thumb}`)));
      accepted(await ann.call("DELETE", at(his, "/pin")));
      accepted(await bob.call("DELETE", at(his)));

      accepted(await block(bob, ann));
      accepted(await unblock(ann, bob));
      const messages = `/chats/${chatId}/messages`;
      refused(await ann.call("POST", messages, { content }), "blocked");
      accepted(await unblock(bob, ann));
      await send(ann, chatId);

      accepted(await block(cleo, bob));
      for (const [by, other] of [[bob, cleo], [cleo, bob]] as const) {
        const direct = { kind: "direct", memberIds: [other.userId] };
        refused(await by.call("POST", "/chats", direct), "blocked");
      }
      accepted(await unblock(cleo, bob));
      await send(bob, await directChat(bob, cleo));
    },
  );

  assert.deepEqual(service.complaints, []);
});
