import type { Database } from "../db/database.ts";
import { createBatcher } from "../lib/batcher.ts";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";
import { may } from "./rights.ts";
import { chats, type MemberKey, members } from "./store.ts";

/**
 * Whether a group is told of a member's typing: not of one who may not write there, nor where it has
 * so many members that they are not told of each other's comings and goings either. Those who type at
 * once are looked up together.
 */
export const createMayType = (
  db: Database,
): (member: MemberKey) => Promise<boolean> =>
  createBatcher<MemberKey, boolean>(async (typists) => {
    const [found, groups] = await db.snapshot(
      members.load(typists),
      chats.load(typists),
    );
    const memberOf = new Map(found.map((row) => [members.id(row), row]));
    const chatOf = new Map(groups.map((row) => [row.chatId, row]));
    return typists.map((typist) => {
      const member = memberOf.get(members.id(typist));
      const chat = chatOf.get(typist.chatId);
      return member?.leftAt === null && chat?.deletedAt === null &&
        chat.memberCount <= limits.toldMembers &&
        may({ chat, member }, "sendMessages");
    });
  }, {
    batchSize: 500,
    waiting: 20_000,
    refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
  });
