import { users } from "../accounts/mod.ts";
import {
  type Command,
  type Decision,
  type Numbers,
  type Put,
  put,
  reads,
  type State,
} from "../changes/mod.ts";
import {
  directChats,
  directKeyOf,
  reachReads,
  refuseAdding,
  refuseFirstWord,
} from "../contacts/mod.ts";
import type { ChatKind } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { plainRole, refuseHandle, refuseNameless } from "./channel_rules.ts";
import { handles } from "./channel_store.ts";
import { join } from "./membership.ts";
import type { Narration } from "./narration.ts";
import {
  type ChatKeyRow,
  chatKeys,
  type ChatRow,
  chats,
  noChannel,
  usualSettings,
} from "./store.ts";

export interface NewChat {
  readonly chatId: ChatId;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly about?: string;
  readonly channel?: Pick<
    ChatRow,
    "handle" | "visibility" | "signatures" | "comments"
  >;
  readonly creatorId: UserId;
  /** The others. */
  readonly memberIds: readonly UserId[];
  /** The chat's first data key, wrapped. */
  readonly dataKey: ChatKeyRow;
}

export interface Created {
  readonly chatId: ChatId;
  readonly duplicate: boolean;
}

/**
 * Makes a chat with all its members at once. A pair has one direct chat, and so has a person with
 * herself: the accounts are locked, so of two who open it at the same moment one finds the other's.
 */
export function createChat(
  narration: Narration,
  wish: NewChat,
): Command<Created> {
  const people = [...new Set([wish.creatorId, ...wish.memberIds])];
  const directKey = wish.kind === "direct" ? directKeyOf(people) : null;
  const { handle } = wish.channel ?? noChannel;
  return {
    scopes: [wish.chatId, ...people],
    reads: [
      reads(chats, [wish]),
      reads(users, people.map((userId) => ({ userId }))),
      ...(directKey === null ? [] : [reads(directChats, [{ directKey }])]),
      ...reachReads(wish.creatorId, wish.memberIds),
      ...(handle === null ? [] : [reads(handles, [{ handle }])]),
    ],
    ...(wish.kind === "group" ? { prepare: narration.prepare } : {}),
    decide: (state) => decide(state, narration, wish, people, directKey),
  };
}

function decide(
  state: State,
  narration: Narration,
  wish: NewChat,
  people: readonly UserId[],
  directKey: string | null,
): Decision<Created> {
  const unknown = people.findIndex((userId) => !state.get(users, { userId }));
  if (unknown >= 0) {
    return new Problem("not_found", {
      detail: `There is no user ${people[unknown]}`,
    });
  }
  const pair = directKey === null
    ? undefined
    : state.get(directChats, { directKey });
  if (pair) return { reply: { chatId: pair.chatId, duplicate: true } };
  if (state.head(wish.chatId)) {
    const mine = state.get(chats, wish)?.createdBy === wish.creatorId;
    return mine
      ? { reply: { chatId: wish.chatId, duplicate: true } }
      : new Problem("id_taken", { detail: "The chatId is already in use" });
  }
  const { handle, visibility } = wish.channel ?? noChannel;
  const refusal = directKey === null
    ? refuseNameless({ handle, visibility }) ??
      refuseHandle(state, { ...wish, handle: null }, handle ?? undefined) ??
      refuseAdding(state, wish.creatorId, wish.memberIds)
    : refuseFirstWord(state, wish.creatorId, wish.memberIds[0]!);
  if (refusal) return refusal;
  return {
    fact: (numbers) => made(state, numbers, narration, wish, people, directKey),
  };
}

function made(
  state: State,
  numbers: Numbers,
  narration: Narration,
  wish: NewChat,
  people: readonly UserId[],
  directKey: string | null,
) {
  const { chatId, kind, title, creatorId, dataKey } = wish;
  const { about = "", channel = noChannel } = wish;
  let chat: ChatRow = {
    chatId,
    kind,
    title,
    about,
    directKey,
    memberCount: 0,
    createdBy: creatorId,
    createdAt: numbers.now,
    deletedAt: null,
    // Where nobody is told of who comes in, the making alone counts.
    rev: kind === "channel" ? numbers.rev(chatId) : 0,
    ...channel,
    ...usualSettings,
  };
  const rows: Put[] = [put(chatKeys, dataKey)];
  if (chat.handle !== null) {
    rows.push(put(handles, { handle: chat.handle, chatId }));
  }
  const steps = people.map((userId) => {
    const isOwner = kind !== "direct" && userId === creatorId;
    const role = isOwner ? "owner" : plainRole(kind);
    const step = join(state, numbers, chat, userId, role);
    chat = step.chat;
    rows.push(...step.rows);
    return step;
  });
  if (directKey !== null) rows.push(put(directChats, { directKey, chatId }));
  // Nobody was there to hear of the joining: each is shown the chat as it is with all of them.
  const events = steps.map((step) => step.welcome(chat));
  const told = kind !== "group" || title === null
    ? undefined
    : narration.tell(numbers, creatorId, {
      type: "system",
      event: "groupCreated",
      title,
    });
  return {
    rows: [...rows, ...(told?.rows ?? [])],
    events: [...events, ...(told?.events ?? [])],
    reply: { chatId, duplicate: false },
  };
}
