import assert from "node:assert/strict";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import {
  type Answer,
  directChat,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { type Cast, newCast, type Part, stage } from "./cast.ts";

/** What a group holds that a verb may be about. */
interface Scene {
  readonly chatId: ChatId;
  readonly cast: Cast;
  /** A plain member, and another admin. */
  readonly extra: { member: Person; admin: Person };
  /** Somebody who is not in it. */
  readonly outsider: Person;
  /** A message of the owner's. */
  readonly messageId: string;
}

interface Verb {
  readonly name: string;
  /** Who may do it, of those who are in the group. */
  readonly may: readonly Part[];
  run(by: Person, scene: Scene): Promise<Answer<unknown>>;
}

const insiders = ["owner", "admin", "member"] as const;
const outsiders = ["former", "stranger"] as const;
const admins = ["owner", "admin"] as const;

const verb = (
  name: string,
  may: readonly Part[],
  method: string,
  path: (scene: Scene) => string,
  body?: unknown | ((scene: Scene) => unknown),
): Verb => ({
  name,
  may,
  run: (by, scene) =>
    by.call(
      method,
      `/chats/${scene.chatId}${path(scene)}`,
      typeof body === "function" ? body(scene) : body,
    ),
});

const member = (who: (scene: Scene) => Person) => (scene: Scene) =>
  `/members/${who(scene).userId}`;
const message = (rest = "") => ({ messageId }: Scene) =>
  `/messages/${messageId}${rest}`;
const text = { content: { type: "text", text: "Hello" } };

const verbs: Verb[] = [
  verb("read the chat", insiders, "GET", () => ""),
  verb("rename", admins, "PATCH", () => "", { title: "Renamed" }),
  verb("delete", ["owner"], "DELETE", () => ""),
  verb("list the members", insiders, "GET", () => "/members"),
  verb(
    "add somebody",
    admins,
    "POST",
    () => "/members",
    ({ outsider }: Scene) => ({ userIds: [outsider.userId] }),
  ),
  verb(
    "remove a member",
    admins,
    "DELETE",
    member(({ extra }) => extra.member),
  ),
  verb(
    "remove an admin",
    ["owner"],
    "DELETE",
    member(({ extra }) => extra.admin),
  ),
  verb("leave", insiders, "DELETE", () => "/members/me"),
  verb(
    "make an admin",
    ["owner"],
    "PATCH",
    member(({ extra }) => extra.member),
    { role: "admin" },
  ),
  verb(
    "unmake an admin",
    ["owner"],
    "PATCH",
    member(({ extra }) => extra.admin),
    { role: "member" },
  ),
  verb(
    "hand over",
    ["owner"],
    "PATCH",
    member(({ extra }) => extra.member),
    { role: "owner" },
  ),
  verb("send", insiders, "POST", () => "/messages", text),
  verb("read the history", insiders, "GET", () => "/messages"),
  verb("read a message", insiders, "GET", message()),
  verb("read a thread", insiders, "GET", message("/replies")),
  verb("read a status", insiders, "GET", message("/status")),
  verb("edit the owner's message", ["owner"], "PATCH", message(), text),
  verb(
    "delete the owner's message for all",
    admins,
    "DELETE",
    message("?for=everyone"),
  ),
  verb("delete a message for oneself", insiders, "DELETE", message("?for=me")),
  verb(
    "react",
    insiders,
    "PUT",
    message(`/reactions/${encodeURIComponent("👍")}`),
  ),
  verb(
    "take a reaction back",
    insiders,
    "DELETE",
    message(`/reactions/${encodeURIComponent("👍")}`),
  ),
  verb("pin", admins, "PUT", message("/pin")),
  verb("unpin", admins, "DELETE", message("/pin")),
  verb("move the read cursor", insiders, "POST", () => "/read", { seq: 1 }),
  verb("move the delivered cursor", insiders, "POST", () => "/delivered", {
    seq: 1,
  }),
  verb("read the changes", insiders, "GET", () => "/changes?since=0"),
];

Deno.test("roles: who may do what in a group", async (t) => {
  await using service = await testApp();
  const cast = await newCast(service.url);
  const [extraMember, extraAdmin, outsider] = await Promise.all(
    ["em", "ea", "x"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];

  async function newScene(): Promise<Scene> {
    const chatId = await stage(cast, extraMember, extraAdmin);
    const { owner } = cast;
    accepted(
      await owner.call(
        "PATCH",
        `/chats/${chatId}/members/${extraAdmin.userId}`,
        {
          role: "admin",
        },
      ),
    );
    const sent = accepted(
      await owner.call<{ messageId: string }>(
        "POST",
        `/chats/${chatId}/messages`,
        text,
      ),
    );
    return {
      chatId,
      cast,
      extra: { member: extraMember, admin: extraAdmin },
      outsider,
      messageId: sent.messageId,
    };
  }
  const revOf = async ({ chatId }: Scene) =>
    accepted(await cast.owner.call<ChatItem>("GET", `/chats/${chatId}`)).rev;

  const untouched = await newScene();
  const before = await revOf(untouched);

  for (const { name, may, run } of verbs) {
    await t.step(name, async () => {
      for (const part of insiders) {
        if (may.includes(part)) {
          accepted(await run(cast[part], await newScene()));
        } else refused(await run(cast[part], untouched), "forbidden");
      }
      // To those outside, the chat is exactly as if it were not there.
      const nowhere = { ...untouched, chatId: crypto.randomUUID() as ChatId };
      for (const part of outsiders) {
        const answer = await run(cast[part], untouched);
        refused(answer, "not_found");
        const unknown = await run(cast[part], nowhere);
        assert.deepEqual(answer.body, unknown.body);
      }
    });
  }

  await t.step("what was refused has changed nothing", async () => {
    assert.equal(await revOf(untouched), before);
  });

  await t.step("nobody removes the owner", async () => {
    const path = `/chats/${untouched.chatId}/members/${cast.owner.userId}`;
    for (const part of ["admin", "member"] as const) {
      refused(await cast[part].call("DELETE", path), "forbidden");
      refused(
        await cast[part].call("PATCH", path, { role: "member" }),
        "forbidden",
      );
    }
    refused(
      await cast.owner.call("PATCH", path, { role: "member" }),
      "forbidden",
    );
  });

  await t.step(
    "an admin does not remove an admin, nor a member anyone",
    async () => {
      const { chatId, extra } = untouched;
      const path = (userId: UserId) => `/chats/${chatId}/members/${userId}`;
      refused(
        await cast.admin.call("DELETE", path(extra.admin.userId)),
        "forbidden",
      );
      refused(
        await cast.member.call("DELETE", path(extra.member.userId)),
        "forbidden",
      );
    },
  );

  await t.step("without a token there is no answer at all", async () => {
    const { chatId } = untouched;
    for (const path of ["", "/members", "/messages", "/changes?since=0"]) {
      const response = await fetch(
        `${service.url}/api/v1/chats/${chatId}${path}`,
      );
      assert.equal(response.status, 401);
      assert.equal((await response.json()).code, "unauthenticated");
    }
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("roles: a direct chat has its two people and nothing to change", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const chatId = await directChat(ann, bob);
  const chat = `/chats/${chatId}`;
  const attempts: [string, string, string, unknown?][] = [
    ["rename", "PATCH", chat, { title: "Ours" }],
    ["delete", "DELETE", chat],
    ["add somebody", "POST", `${chat}/members`, { userIds: [cleo.userId] }],
    ["leave", "DELETE", `${chat}/members/me`],
    ["remove the other", "DELETE", `${chat}/members/${bob.userId}`],
    ["change a role", "PATCH", `${chat}/members/${bob.userId}`, {
      role: "admin",
    }],
    ["take it over", "PATCH", `${chat}/members/me`, { role: "owner" }],
  ];
  for (const [name, method, path, body] of attempts) {
    await t.step(name, async () => {
      refused(await ann.call(method, path, body), "forbidden");
      refused(await cleo.call(method, path, body), "not_found");
    });
  }
  await t.step(
    "both may pin, and delete their own messages alone",
    async () => {
      const sent = accepted(
        await ann.call<{ messageId: string }>("POST", `${chat}/messages`, text),
      );
      const path = `${chat}/messages/${sent.messageId}`;
      accepted(await bob.call("PUT", `${path}/pin`));
      accepted(await ann.call("DELETE", `${path}/pin`));
      refused(await bob.call("DELETE", path), "forbidden");
      accepted(await ann.call("DELETE", path));
    },
  );
  assert.deepEqual(service.complaints, []);
});
