/**
 * Chats and who is in them: direct chats (exactly two people, one chat a pair), groups (an owner,
 * admins, members) and channels (an owner and admins, who write, and subscribers, who read). Every
 * change goes through the spine and is decided in the file named after it. Who may do what is said in
 * `rules.ts`, `rights.ts` for admins, `channel_rules.ts` and `slow_mode.ts`.
 *
 * @module
 */
import { type Changes, retryStale } from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import type { RateLimit } from "../http/rate_limit.ts";
import type {
  ChatKind,
  ChatPatch,
  CreateChat,
  Member,
  MemberPatch,
  MemberQuery,
  PublicChannel,
} from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import type { Ban } from "../protocol/groups.ts";
import type { ChatItem } from "../protocol/sync.ts";
import { addMembers } from "./add_members.ts";
import { banMember } from "./ban_member.ts";
import { listBans } from "./list_bans.ts";
import { unbanMember } from "./unban_member.ts";
import { createChat, type Created } from "./create.ts";
import { createKindOf } from "./kind_of.ts";
import { createMayType } from "./may_type.ts";
import { deleteChat } from "./delete.ts";
import { findChannels, readChannel } from "./find_channels.ts";
import { joinChannel } from "./join_channel.ts";
import { listMembers } from "./list_members.ts";
import type { Narrate } from "./narration.ts";
import { removeMember } from "./remove_member.ts";
import { setRole } from "./set_role.ts";
import {
  activeMembership,
  type ChatKeyRow,
  heirsOf,
  type MemberKey,
} from "./store.ts";
import { updateChat } from "./update.ts";

export {
  type Access,
  accessKeys,
  admit,
  forbidden,
  mayMentionEveryone,
  refuseToNobody,
  sees,
} from "./rules.ts";
export { mayDeleteFor, mayPin, refuseToWrite, rightsOf } from "./rights.ts";
export { refuseTooSoon, sentRows } from "./slow_mode.ts";
export {
  mayMentionPeople,
  mayTouchPost,
  type PostedAs,
  postedAs,
  refuseToSpeak,
} from "./channel_rules.ts";
export { type Narrate, type Narration } from "./narration.ts";
export { readAsMember } from "./read_as_member.ts";
export { chatOf, profiledMemberOf } from "./shape.ts";
export {
  activeMembership,
  type ChatKeyRow,
  type ChatRow,
  chats as chatTable,
  chatSince,
  keysOf,
  type MemberRow,
  members as memberTable,
  membersSince,
  ownInChannel,
} from "./store.ts";
export { eraseJoining } from "./erase.ts";
export { waitsOf } from "./invite_store.ts";
export { createInvites, type Invites } from "./invites.ts";
export { type Created } from "./create.ts";
export { leaveChats } from "./leave_chats.ts";
export { countKeys, rotateKeys } from "./rotate_keys.ts";
export { tryKeys } from "./try_keys.ts";

/** Shows a chat as it stands in the caller's list. */
export type DescribeChat = (chatId: ChatId, by: UserId) => Promise<ChatItem>;

/** Every verb rejects with a `Problem`; a chat the caller is not in answers `not_found`. */
export interface Chats {
  create(by: UserId, request: CreateChat): Promise<Created>;
  update(chatId: ChatId, by: UserId, patch: ChatPatch): Promise<void>;
  delete(chatId: ChatId, by: UserId): Promise<void>;
  listMembers(
    chatId: ChatId,
    by: UserId,
    query: MemberQuery,
  ): Promise<List<Member>>;
  addMembers(
    chatId: ChatId,
    by: UserId,
    userIds: readonly UserId[],
  ): Promise<Member[]>;
  /** Leaves when `userId` is the caller's own. */
  removeMember(chatId: ChatId, by: UserId, userId: UserId): Promise<void>;
  setRole(
    chatId: ChatId,
    by: UserId,
    userId: UserId,
    patch: MemberPatch,
  ): Promise<Member>;
  /** Takes a person out, and keeps her out until unbanned. */
  ban(chatId: ChatId, by: UserId, userId: UserId): Promise<void>;
  unban(chatId: ChatId, by: UserId, userId: UserId): Promise<void>;
  listBans(chatId: ChatId, by: UserId, query: ListQuery): Promise<List<Ban>>;
  /** Subscribes to a public channel. Nothing happens to whoever has done so. */
  join(chatId: ChatId, by: UserId): Promise<void>;
  findChannels(
    query: ListQuery & { readonly query: string },
  ): Promise<List<PublicChannel>>;
  readChannel(handle: string): Promise<PublicChannel>;
  /** What kind of chat it is; undefined where there is none. */
  kindOf(chatId: ChatId): Promise<ChatKind | undefined>;
  /** Whether a group is told of a member's typing. */
  mayType(member: MemberKey): Promise<boolean>;
}

export interface ChatsParts {
  readonly db: Database;
  readonly changes: Changes;
  newId(): string;
  /** Makes the first data key of a chat, wrapped by the present master key. */
  newDataKey(chatId: ChatId): Promise<ChatKeyRow>;
  readonly narrate: Narrate;
  /** How many people one person may put into chats, or write to first. */
  readonly reached: RateLimit;
}

export function createChats(
  { db, changes, newId, newDataKey, narrate, reached }: ChatsParts,
): Chats {
  /** Counts whoever is named, whatever comes of it: each of them is looked up and locked. */
  const reach = (by: UserId, userIds: readonly UserId[]) =>
    reached.take(by, new Set(userIds).size);

  return {
    async create(by, request) {
      const memberIds = request.kind === "channel" ? [] : request.memberIds;
      reach(by, memberIds);
      const chatId = request.chatId ?? newId() as ChatId;
      const dataKey = await newDataKey(chatId);
      return await changes.submit(createChat(narrate(chatId, dataKey), {
        chatId,
        kind: request.kind,
        title: request.kind === "direct" ? null : request.title,
        ...(request.kind === "channel" && {
          about: request.about,
          channel: channelOf(request),
        }),
        creatorId: by,
        memberIds,
        dataKey,
      }));
    },
    update: (chatId, by, patch) =>
      changes.submit(updateChat(narrate(chatId), chatId, by, patch)),
    delete: (chatId, by) => changes.submit(deleteChat(chatId, by)),
    listMembers: (chatId, by, query) => listMembers(db, chatId, by, query),
    async addMembers(chatId, by, userIds) {
      reach(by, userIds);
      // What is decided under the lock locks everybody named: a stranger costs one look.
      const [[membership]] = await db.run(activeMembership(chatId, by));
      if (!membership) throw new Problem("not_found");
      return await changes.submit(
        addMembers(narrate(chatId), chatId, by, userIds),
      );
    },
    removeMember: (chatId, by, userId) =>
      retryStale(async () => {
        const [heirs] = userId === by
          ? await db.run(heirsOf(chatId, by))
          : [[]];
        await changes.submit(
          removeMember(narrate(chatId), chatId, by, userId, heirs),
        );
      }),
    setRole: (chatId, by, userId, patch) =>
      changes.submit(setRole(narrate(chatId), chatId, by, userId, patch)),
    ban: (chatId, by, userId) =>
      changes.submit(banMember(narrate(chatId), chatId, by, userId)),
    unban: (chatId, by, userId) =>
      changes.submit(unbanMember(chatId, by, userId)),
    listBans: (chatId, by, query) => listBans(db, chatId, by, query),
    join: (chatId, by) => changes.submit(joinChannel(chatId, by)),
    findChannels: (query) => findChannels(db, query),
    readChannel: (handle) => readChannel(db, handle),
    kindOf: createKindOf(db),
    mayType: createMayType(db),
  };
}

const channelOf = (
  { handle, visibility, signatures, comments }: Extract<
    CreateChat,
    { kind: "channel" }
  >,
) => ({ handle: handle ?? null, visibility, signatures, comments });
