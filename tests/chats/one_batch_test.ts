import assert from "node:assert/strict";
import { commitBatch } from "../../src/changes/commit.ts";
import type { Command } from "../../src/changes/mod.ts";
import { endRequest } from "../../src/chats/answer_request.ts";
import { banMember } from "../../src/chats/ban_member.ts";
import { createInvite } from "../../src/chats/create_invite.ts";
import { deleteChat } from "../../src/chats/delete.ts";
import { redeemInvite } from "../../src/chats/redeem_invite.ts";
import { revokeInvite } from "../../src/chats/revoke_invite.ts";
import { unbanMember } from "../../src/chats/unban_member.ts";
import { updateChat } from "../../src/chats/update.ts";
import { sql } from "../../src/db/sql.ts";
import type { ChatId, InviteId } from "../../src/protocol/ids.ts";
import type { Invite } from "../../src/protocol/invites.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Problem } from "../../src/protocol/problem.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { newPerson, type Person } from "../support/peer.ts";

type Made = Invite & { code: string };

/** Nobody is told of anything: the chats are channels. */
const untold = {
  prepare: () => Promise.resolve(),
  tell: () => ({ rows: [], events: [] }),
};

Deno.test("what shares a batch, of invitations and who waits", async (t) => {
  await using service = await testApp();
  const { url, db: { database } } = service;
  const [owner, ann, bob, cleo] = await Promise.all(
    ["owner", "ann", "bob", "cleo"].map((name) => newPerson(url, name)),
  ) as [Person, Person, Person, Person];

  const channel = async () =>
    accepted(
      await owner.call<ChatItem>("POST", "/chats", {
        kind: "channel",
        title: "Inner circle",
      }),
    ).chatId;
  const invite = async (chatId: ChatId, wish: Record<string, unknown> = {}) =>
    accepted(await owner.call<Made>("POST", `/chats/${chatId}/invites`, wish));
  const join = (by: Person, { code }: Pick<Made, "code">) =>
    by.call("POST", `/invites/${code}/join`);
  const invitesOf = async (chatId: ChatId) =>
    accepted(await owner.call<List<Made>>("GET", `/chats/${chatId}/invites`))
      .items;
  const waitingFor = async (chatId: ChatId) =>
    accepted(
      await owner.call<List<{ user: { userId: string }; inviteId: InviteId }>>(
        "GET",
        `/chats/${chatId}/join-requests`,
      ),
    ).items.map(({ user, inviteId }) => [user.userId, inviteId]);

  const redeem = (chatId: ChatId, made: Made, by: Person) =>
    redeemInvite(untold, { chatId, ...made }, by.userId);
  const revoke = (chatId: ChatId, { inviteId }: Made) =>
    revokeInvite({ chatId, inviteId }, owner.userId);
  const withdraw = (chatId: ChatId, { userId }: Person) =>
    endRequest(chatId, userId, userId);

  /** One transaction, in this order; answers with the replies, or the codes of refusals. */
  async function together(...commands: Command<unknown>[]) {
    for (const { prepare } of commands) await prepare?.();
    const { settled } = await commitBatch(database, commands, new Date());
    return settled.map((each) =>
      "error" in each ? (each.error as Problem).code : each.reply
    );
  }

  await t.step(
    "a request withdrawn and made again stands, by the later invitation",
    async () => {
      const chatId = await channel();
      const first = await invite(chatId, { needsApproval: true });
      const second = await invite(chatId, { needsApproval: true });
      accepted(await join(ann, first));
      assert.deepEqual(
        await together(
          withdraw(chatId, ann),
          redeem(chatId, second, ann),
        ),
        [undefined, "waiting"],
      );
      assert.deepEqual(await waitingFor(chatId), [[
        ann.userId,
        second.inviteId,
      ]]);
      assert.deepEqual(
        (await invitesOf(chatId)).map(({ uses }) => uses),
        [0, 1],
      );
    },
  );

  await t.step(
    "a revoked invitation stays away, whoever ends a request by it",
    async () => {
      const chatId = await channel();
      const made = await invite(chatId, { needsApproval: true });
      const other = await invite(chatId);
      accepted(await join(ann, made));
      assert.deepEqual(
        await together(
          revoke(chatId, made),
          withdraw(chatId, ann),
          redeem(chatId, other, bob),
          revoke(chatId, other),
          redeem(chatId, other, cleo),
          revoke(chatId, other),
        ),
        [undefined, undefined, "joined", undefined, "not_found", "not_found"],
      );
      assert.deepEqual(await invitesOf(chatId), []);
      refused(await join(cleo, made), "not_found");
      refused(await join(cleo, other), "not_found");
    },
  );

  await t.step(
    "an id is free again after its revocation, its code is not",
    async () => {
      const chatId = await channel();
      const made = await invite(chatId, { maxUses: 1 });
      const codeHash = crypto.getRandomValues(new Uint8Array(32));
      await together(
        revoke(chatId, made),
        createInvite(
          {
            chatId,
            inviteId: made.inviteId,
            by: owner.userId,
            codeHash,
            expiresAt: null,
            maxUses: 7,
            needsApproval: true,
          },
          () => Promise.resolve({ keyVersion: 1, sealed: new Uint8Array(40) }),
        ),
      );
      const [rows] = await database.run(
        sql<{ codeHash: Uint8Array; maxUses: number; needsApproval: boolean }>`
          select code_hash, max_uses, needs_approval from invites
          where chat_id = ${chatId}::uuid`,
      );
      assert.deepEqual(
        rows.map((row) => ({ ...row, codeHash: row.codeHash.toHex() })),
        [{ codeHash: codeHash.toHex(), maxUses: 7, needsApproval: true }],
      );
      refused(await join(ann, made), "not_found");
    },
  );

  await t.step("a ban lifted and set again is the later one", async () => {
    const chatId = await channel();
    accepted(await owner.call("PUT", `/chats/${chatId}/bans/${ann.userId}`));
    const bannedAt = async () =>
      accepted(
        await owner.call<List<{ bannedAt: string }>>(
          "GET",
          `/chats/${chatId}/bans`,
        ),
      ).items.map((ban) => Date.parse(ban.bannedAt));
    const [before] = await bannedAt();
    await together(
      unbanMember(chatId, owner.userId, ann.userId),
      banMember(untold, chatId, owner.userId, ann.userId),
    );
    const [after] = await bannedAt();
    assert.ok(after! > before!);
  });

  await t.step("what is made for a chat that then ends is gone", async () => {
    const chatId = await channel();
    const made = await invite(chatId, { needsApproval: true });
    assert.deepEqual(
      await together(
        // The chat is written before whatever the others write.
        updateChat(untold, chatId, owner.userId, { title: "Last words" }),
        redeem(chatId, made, ann),
        banMember(untold, chatId, owner.userId, bob.userId),
        deleteChat(chatId, owner.userId),
      ),
      [undefined, "waiting", undefined, undefined],
    );
    const [left] = await database.run(
      sql<{ name: string }>`select 'invite' as name from invites
          where chat_id = ${chatId}::uuid
        union all select 'request' from join_requests where chat_id = ${chatId}::uuid
        union all select 'ban' from bans where chat_id = ${chatId}::uuid
        union all select 'key' from chat_keys where chat_id = ${chatId}::uuid`,
    );
    assert.deepEqual(left, []);
  });
  assert.deepEqual(service.complaints, []);
});
