import { users } from "../accounts/mod.ts";
import {
  type Announced,
  type Command,
  type Put,
  reads,
} from "../changes/mod.ts";
import { reachReads, refuseAdding } from "../contacts/mod.ts";
import type { Member } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { plainRole } from "./channel_rules.ts";
import { banReads, refuseBanned } from "./bans.ts";
import { endWaiting, waitReads } from "./invite_store.ts";
import { join, refuseFull } from "./membership.ts";
import { type Narration, tellIf } from "./narration.ts";
import { refuseUnlessMay } from "./rights.ts";
import { accessKeys, admit } from "./rules.ts";
import { memberOf } from "./shape.ts";
import { chats, members } from "./store.ts";

/** Adds people to a group or channel; those who are in it already stay as they are. */
export function addMembers(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userIds: readonly UserId[],
): Command<Member[]> {
  const people = [...new Set(userIds)];
  const keys = accessKeys(chatId, by, ...people);
  return {
    scopes: [chatId, ...people],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, people.map((userId) => ({ userId }))),
      banReads(chatId, people),
      ...waitReads(chatId, people),
      ...reachReads(by, people),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const refusal = refuseUnlessMay(access, "addMembers");
      if (refusal) return refusal;
      const unknown = people.find((userId) => !state.get(users, { userId }));
      if (unknown) {
        return new Problem("not_found", {
          detail: `There is no user ${unknown}`,
        });
      }

      const present = people.map((userId) =>
        state.get(members, { chatId, userId })
      );
      const isIn = (i: number) =>
        present[i] !== undefined && present[i].leftAt === null;
      const coming = people.filter((_, i) => !isIn(i));
      const banned = refuseBanned(state, chatId, coming);
      if (banned) return banned;
      const unwilling = refuseAdding(state, by, coming);
      if (unwilling) return unwilling;
      const { kind } = access.chat;
      const full = refuseFull(access.chat, coming.length);
      if (full) return full;
      const shown = (userId: UserId, i: number) =>
        memberOf(present[i]!, state.get(users, { userId })!);
      if (coming.length === 0) return { reply: people.map(shown) };
      return {
        fact(numbers) {
          let chat = access.chat;
          const rows: Put[] = [];
          const events: Announced[] = [];
          const heardOf: UserId[] = [];
          const reply = people.map((userId, i) => {
            if (isIn(i)) return shown(userId, i);
            const step = join(state, numbers, chat, userId, plainRole(kind));
            chat = step.chat;
            if (step.isTold) heardOf.push(userId);
            rows.push(...step.rows, ...endWaiting(state, chatId, userId));
            events.push(...step.events, step.welcome(chat));
            return step.member;
          });
          const isTold = kind === "group" && heardOf.length > 0;
          const told = tellIf(narration, isTold, numbers, by, {
            type: "system",
            event: "memberJoined",
            userIds: heardOf,
          });
          return {
            rows: [...rows, ...told.rows],
            events: [...events, ...told.events],
            reply,
          };
        },
      };
    },
  };
}
