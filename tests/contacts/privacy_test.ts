/** Every setting, towards everybody there can be, in every place where it counts. */
import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { Me, Presence } from "../../src/protocol/accounts.ts";
import type { Member } from "../../src/protocol/chats.ts";
import type {
  Contact,
  Person as Profile,
} from "../../src/protocol/contacts.ts";
import type { List } from "../../src/protocol/page.ts";
import type { PrivacyRule } from "../../src/protocol/privacy.ts";
import type { Changes, ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import {
  type Answer,
  groupOf,
  type Line,
  newPerson,
  type Person,
} from "../support/peer.ts";
import {
  isBlocked,
  lets,
  type Relation,
  relations,
  rules,
  type Viewers,
} from "./privacy_matrix.ts";

const about = "Thinks about engines";

interface World {
  readonly owner: Person;
  readonly viewer: Person;
  readonly line: Line;
  readonly relation: Relation;
  readonly groupId: string;
}

/** Where a setting shows: what is there, and what has to be. */
type Place = (world: World, rule: Partial<PrivacyRule>) => Promise<void>;

const get = async <Body>(by: Person, path: string): Promise<Body> =>
  accepted(await by.call<Body>("GET", path));

/** Shown to many at once, so only what everybody may see. */
const inPublic = (rule: Partial<PrivacyRule>) =>
  rule.who === "everyone" && !rule.deny ? about : "";

const places: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  about: {
    profile: async ({ viewer, owner, relation }, rule) => {
      const { about: seen } = await get<Profile>(
        viewer,
        `/users/${owner.userId}`,
      );
      assert.equal(seen, lets(rule, relation) ? about : "");
    },
    search: async ({ viewer, owner, relation }, rule) => {
      const { items: [found] } = await get<List<Profile>>(
        viewer,
        `/users?query=${owner.username}`,
      );
      assert.equal(found!.about, lets(rule, relation) ? about : "");
    },
    members: async ({ viewer, owner, groupId }, rule) => {
      const { items } = await get<List<Member>>(
        viewer,
        `/chats/${groupId}/members`,
      );
      const member = items.find(({ userId }) => userId === owner.userId);
      assert.equal(member!.user.about, inPublic(rule));
    },
    changes: async ({ viewer, owner, groupId }, rule) => {
      const { members } = await get<Changes>(
        viewer,
        `/chats/${groupId}/changes?since=0`,
      );
      const member = members.find(({ userId }) => userId === owner.userId);
      assert.equal(member!.user.about, inPublic(rule));
    },
    "a member's event": async ({ viewer, owner, line, relation }, rule) => {
      const groupId = await groupOf(viewer);
      await line.heard("chat.created", (event) => event.chatId === groupId);
      const members = `/chats/${groupId}/members`;
      const body = { userIds: [owner.userId] };
      const { status } = await viewer.call("POST", members, body);
      // A person whom one has blocked, or who has blocked one, is added to no group.
      // Nobody is added by whom they have blocked.
      assert.equal(status >= 300, relation === "blocked");
      if (status >= 300) return;
      const { member } = await line.heard(
        "member.joined",
        (event) => event.chatId === groupId,
      );
      assert.equal(member.user.about, inPublic(rule));
    },
    contacts: async ({ viewer, owner }, rule) => {
      for (const state of ["accepted", "incoming", "outgoing", "blocked"]) {
        const { items } = await get<List<Contact>>(
          viewer,
          `/contacts?state=${state}`,
        );
        const found = items.find(({ userId }) => userId === owner.userId);
        if (found) assert.equal(found.user.about, inPublic(rule));
      }
    },
  },

  lastSeen: {
    "last-seen": async ({ viewer, owner, relation }, rule) => {
      const { lastSeenAt } = await get<Presence>(
        viewer,
        `/users/${owner.userId}/last-seen`,
      );
      const isSeen = lets(rule, relation) && !isBlocked(relation);
      assert.equal(lastSeenAt !== null, isSeen);
    },
    watch: async ({ owner, line, relation }, rule) => {
      const reply = await line.ask({ type: "watch", userIds: [owner.userId] });
      assert.ok(reply.ok);
      const { presence: [seen] } = reply.data as { presence: Presence[] };
      const isSeen = lets(rule, relation) && !isBlocked(relation);
      assert.equal(seen!.lastSeenAt !== null, isSeen);
    },
  },

  presence: {
    "last-seen": async ({ viewer, owner, relation }, rule) => {
      const seen = await get<Presence>(
        viewer,
        `/users/${owner.userId}/last-seen`,
      );
      const isSeen = lets(rule, relation) && !isBlocked(relation);
      assert.deepEqual(seen, {
        userId: owner.userId,
        online: isSeen,
        lastSeenAt: null,
      });
    },
    watch: async ({ owner, line, relation }, rule) => {
      const reply = await line.ask({ type: "watch", userIds: [owner.userId] });
      assert.ok(reply.ok);
      const { presence: [seen] } = reply.data as { presence: Presence[] };
      assert.equal(seen!.online, lets(rule, relation) && !isBlocked(relation));
    },
  },

  addToGroups: {
    "a new group": async ({ viewer, owner, relation }, rule) => {
      const made = await viewer.call("POST", "/chats", {
        kind: "group",
        title: "T",
        memberIds: [owner.userId],
      });
      if (lets(rule, relation) && relation !== "blocked") accepted(made);
      else refused(made, "forbidden");
    },
    "a group there is": async ({ viewer, owner, relation }, rule) => {
      const members = `/chats/${await groupOf(viewer)}/members`;
      const userIds = [owner.userId];
      const added = await viewer.call("POST", members, { userIds });
      if (lets(rule, relation) && relation !== "blocked") accepted(added);
      else refused(added, "forbidden");
    },
  },

  writeFirst: {
    "a new direct chat": async ({ viewer, owner, relation }, rule) => {
      const opened: Answer<ChatItem> = await viewer.call("POST", "/chats", {
        kind: "direct",
        memberIds: [owner.userId],
      });
      if (isBlocked(relation)) refused(opened, "blocked");
      else if (lets(rule, relation)) accepted(opened);
      else refused(opened, "forbidden");
    },
  },
};

Deno.test("privacy: each setting, towards everybody, in each place", async (t) => {
  await using service = await testApp();
  const { url } = service;
  const names = Object.keys(relations) as Relation[];
  const viewers = Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await newPerson(url, name)] as const),
    ),
  ) as Viewers;
  await using lines = new AsyncDisposableStack();
  const lineOf = new Map<Relation, Line>();
  for (const name of names) {
    lineOf.set(name, lines.use(await viewers[name].connect()));
  }
  const ids = names.map((name) => viewers[name].userId);

  for (const [ruleName, ruleOf] of rules) {
    const rule = ruleOf(ids);
    const owner = await newPerson(url, "owner");
    const groupId = await groupOf(owner, ...Object.values(viewers));
    for (const name of names) await relations[name](owner, viewers[name]);
    await service.db.database.run(
      sql`insert into last_seen (user_id, seen_at) values (${owner.userId}::uuid, now())`,
    );
    accepted(await owner.call("PATCH", "/me", { about }));

    for (const [setting, ofSetting] of Object.entries(places)) {
      // Online from here on.
      const hers = setting === "presence" ? await owner.connect() : undefined;
      if (hers) await seenByHerself(owner);
      const privacy = { [setting]: rule };
      accepted(await owner.call("PATCH", "/me", { privacy }));
      for (const [placeName, place] of Object.entries(ofSetting)) {
        await t.step(
          `${setting} for ${ruleName}, in ${placeName}`,
          async () => {
            for (const relation of names) {
              const line = lineOf.get(relation)!;
              const viewer = viewers[relation];
              const world = { owner, viewer, line, relation, groupId };
              try {
                await place(world, rule);
              } catch (error) {
                throw new Error(`${relation}: ${error}`);
              }
            }
          },
        );
      }
      await hers?.[Symbol.asyncDispose]();
      const open = { [setting]: { who: "everyone" } };
      accepted(await owner.call("PATCH", "/me", { privacy: open }));
    }
  }
  assert.deepEqual(service.complaints, []);
});

/** Resolves once the service has stored that she is here. */
async function seenByHerself(owner: Person) {
  const path = `/users/${owner.userId}/last-seen`;
  while (!(await get<Presence>(owner, path)).online);
}

Deno.test("privacy settings are the account's own, told to its devices and kept in one form", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url);
  const bob = await newPerson(service.url);
  const change = (privacy: object) => ann.call<Me>("PATCH", "/me", { privacy });
  const { privacy: before } = await get<Me>(ann, "/me");
  assert.deepEqual(before.about, { who: "everyone", allow: [], deny: [] });
  await using line = await ann.connect();
  const { userId } = bob;
  const me = accepted(
    await change({ about: { who: "contacts", allow: [userId, userId] } }),
  );
  const rule = { who: "contacts", allow: [userId], deny: [] };
  assert.deepEqual(me.privacy, { ...before, about: rule });
  const event = await line.heard("account.updated");
  assert.deepEqual(event.me.privacy, me.privacy);
  // The same again is no change.
  const again = accepted(await change({ about: rule }));
  assert.deepEqual(again, me);
  const open = accepted(await change({ about: { who: "everyone" } }));
  assert.deepEqual(open.privacy, before);
  assert.equal(open.accountRev, me.accountRev + 1);
  for (
    const wrong of [
      { about: { who: "friends" } },
      { about: {} },
      { abouts: { who: "nobody" } },
      { about: { who: "nobody", allow: ["x"] } },
      {
        about: {
          who: "nobody",
          deny: Array.from({ length: 51 }, () => crypto.randomUUID()),
        },
      },
    ]
  ) refused(await change(wrong), "invalid_input");
  assert.ok(!("privacy" in await get<object>(bob, `/users/${ann.userId}`)));
});
