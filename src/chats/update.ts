import { type Command, put, reads } from "../changes/mod.ts";
import type { ChatPatch } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { refuseHandle, refuseNameless } from "./channel_rules.ts";
import { handles } from "./channel_store.ts";
import type { Narration } from "./narration.ts";
import { accessKeys, admit, refuseUnlessAdmin } from "./rules.ts";
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
      const after = { ...access.chat, ...given(patch) };
      const refusal = refuseUnlessAdmin(access) ??
        refuseUnlessChannel(access.chat, patch) ??
        refuseHandle(state, access.chat, handle) ?? refuseNameless(after);
      if (refusal) return refusal;
      if (isSame(access.chat, after)) return { reply: undefined };
      return {
        fact(numbers) {
          const rev = numbers.rev(chatId);
          const chat = { ...after, rev };
          const told = isRenamed(access.chat, chat)
            ? narration.tell(numbers, by, {
              type: "system",
              event: "titleChanged",
              title: chat.title!,
            })
            : { rows: [], events: [] };
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

/** The fields that the patch names. */
const given = (patch: ChatPatch): Partial<ChatRow> =>
  Object.fromEntries(
    Object.entries(patch).filter(([, value]) => value !== undefined),
  );

const isSame = (before: ChatRow, after: ChatRow) =>
  (Object.keys(after) as (keyof ChatRow)[])
    .every((name) => before[name] === after[name]);

const channelsAlone = [
  "handle",
  "visibility",
  "signatures",
  "comments",
] as const;

function refuseUnlessChannel(
  { kind }: ChatRow,
  patch: ChatPatch,
): Problem | undefined {
  if (kind === "channel") return undefined;
  const named = channelsAlone.filter((name) => patch[name] !== undefined);
  if (named.length === 0) return undefined;
  return new Problem("invalid_input", {
    errors: named.map((path) => ({ path, message: "Only channels have this" })),
  });
}
