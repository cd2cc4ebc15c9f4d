import { isDeepStrictEqual } from "node:util";
import { type Command, put, reads } from "../changes/mod.ts";
import type { ChatPatch } from "../protocol/chats.ts";
import type { AdminRight } from "../protocol/groups.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { refuseHandle, refuseNameless } from "./channel_rules.ts";
import { handles } from "./channel_store.ts";
import { type Narration, tellIf } from "./narration.ts";
import { refuseUnlessMay, refuseUnlessRight, rightsFor } from "./rights.ts";
import { type Access, accessKeys, admit } from "./rules.ts";
import { chatOf } from "./shape.ts";
import { type ChatRow, chats, members } from "./store.ts";

/** Changes what a group or channel shows of itself. */
export function updateChat(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  patch: ChatPatch,
): Command<void> {
  const keys = accessKeys(chatId, by);
  const { handle } = patch;
  return {
    scopes: [chatId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      ...(handle === undefined ? [] : [reads(handles, [{ handle }])]),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const after = changed(access.chat, patch);
      const refusal = refuseChange(access, patch) ??
        refuseUnfit(access.chat, patch) ??
        refuseHandle(state, access.chat, handle) ?? refuseNameless(after);
      if (refusal) return refusal;
      if (isSame(access.chat, after)) return { reply: undefined };
      return {
        fact(numbers) {
          const rev = numbers.rev(chatId);
          const chat = { ...after, rev };
          const isTold = isRenamed(access.chat, chat);
          const told = tellIf(narration, isTold, numbers, by, {
            type: "system",
            event: "titleChanged",
            title: chat.title!,
          });
          return {
            rows: [
              put(chats, chat),
              ...(handle === undefined
                ? []
                : [put(handles, { handle, chatId })]),
              ...told.rows,
            ],
            events: [{
              chat: chatId,
              rev,
              event: { type: "chat.updated", chatId, rev, chat: chatOf(chat) },
            }, ...told.events],
            reply: undefined,
          };
        },
      };
    },
  };
}

/** Whether there is something to tell in a group. */
const isRenamed = (before: ChatRow, after: ChatRow) =>
  after.kind === "group" && after.title !== before.title;

/** The chat with the fields that the patch names. */
function changed(
  before: ChatRow,
  { permissions, ...patch }: ChatPatch,
): ChatRow {
  const given = named(patch);
  if (permissions === undefined) return { ...before, ...given };
  return {
    ...before,
    ...given,
    permissions: { ...before.permissions, ...named(permissions) },
  };
}

const named = <T extends object>(patch: T) =>
  Object.fromEntries(
    Object.entries(patch).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]: Exclude<T[K], undefined> };

const isSame = (before: ChatRow, after: ChatRow) =>
  (Object.keys(after) as (keyof ChatRow)[]).every((name) =>
    isDeepStrictEqual(before[name], after[name])
  );

const channelsAlone = [
  "handle",
  "visibility",
  "signatures",
  "comments",
] as const;

const groupsAlone = [
  "permissions",
  "slowModeSeconds",
  "historyForNewcomers",
] as const;

/**
 * What a group shows of itself it may leave to all; how it is run is for those with the right. Nobody
 * opens to others what is not in the own hands: a permission needs the right that it is about as well,
 * and who may come in the right to invite.
 */
function refuseChange(access: Access, patch: ChatPatch): Problem | undefined {
  const settings = [...channelsAlone, ...groupsAlone];
  if (settings.every((name) => patch[name] === undefined)) {
    return refuseUnlessMay(access, "changeInfo");
  }
  const needed: AdminRight[] = [
    "changeInfo",
    ...rightsFor(patch.permissions ?? {}),
    ...(patch.visibility === undefined ? [] : ["inviteMembers" as const]),
  ];
  for (const right of needed) {
    const refusal = refuseUnlessRight(access, right);
    if (refusal) return refusal;
  }
}

/** Channels and groups have settings that the other has not. */
function refuseUnfit(
  { kind }: ChatRow,
  patch: ChatPatch,
): Problem | undefined {
  const [unfit, which] = kind === "channel"
    ? [groupsAlone, "groups"]
    : [channelsAlone, "channels"];
  const named = unfit.filter((name) => patch[name] !== undefined);
  if (named.length === 0) return undefined;
  return new Problem("invalid_input", {
    errors: named.map((path) => ({
      path,
      message: `Only ${which} have this`,
    })),
  });
}
