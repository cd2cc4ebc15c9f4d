import { put, type Read, reads, type State } from "../changes/mod.ts";
import {
  type Access,
  accessKeys,
  mayMentionEveryone,
  mayMentionPeople,
  memberTable,
} from "../chats/mod.ts";
import type { Entity } from "../protocol/entities.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Content, MessageContent } from "../protocol/messages.ts";
import { everyone, mentions } from "./mention_store.ts";

const entitiesOf = (content: MessageContent): readonly Entity[] =>
  content.type === "text" ? content.entities ?? [] : [];

/** What a command reads to know who of those that a content names may be meant. */
export function readsOfMentions(chatId: ChatId, content: Content): Read[] {
  const named = entitiesOf(content).flatMap((entity) =>
    entity.type === "mention" && entity.userId ? [entity.userId] : []
  );
  if (named.length === 0) return [];
  return [reads(memberTable, accessKeys(chatId, ...named).members)];
}

/**
 * The content as it may be said: a mention of somebody who is not in the chat, or of everyone by one who
 * may not, is plain text. The same object where nothing is to be left out.
 */
export function withAllowedMentions(
  content: Content,
  state: State,
  access: Access,
): Content {
  const { chatId } = access.chat;
  return withMentions(
    content,
    ({ userId }) =>
      userId === undefined
        ? mayMentionEveryone(access)
        : mayMentionPeople(access) &&
          state.get(memberTable, { chatId, userId })?.leftAt === null,
  );
}

/** The content with nobody meant by it. */
export const withoutMentions = (content: Content): Content =>
  withMentions(content, () => false);

type TextContent = Extract<Content, { type: "text" }>;
type Mention = Extract<Entity, { type: "mention" }>;

function withMentions(
  content: Content,
  isKept: (mention: Mention) => boolean,
): Content {
  const before = entitiesOf(content);
  const kept = before.filter((entity) =>
    entity.type !== "mention" || isKept(entity)
  );
  return kept.length === before.length
    ? content
    : { ...content as TextContent, entities: kept };
}

/** Whom a content means, the speaker herself left out. */
function meantBy(content: MessageContent, senderId: UserId): UserId[] {
  const meant = entitiesOf(content).flatMap((entity) =>
    entity.type === "mention" ? [entity.userId ?? everyone] : []
  );
  return [...new Set(meant)].filter((userId) => userId !== senderId);
}

/** The rows that a new message leaves, beside its own. */
export function mentionsOfNew(
  message: MessagePlace,
  content: MessageContent,
) {
  const userIds = meantBy(content, message.senderId);
  return userIds.length === 0
    ? []
    : [put(mentions, { ...message, userIds, replaces: false })];
}

/** The same for one that says something else now; nothing, where it is deleted. */
export const mentionsOfChanged = (
  message: MessagePlace,
  content: MessageContent | null,
) =>
  put(mentions, {
    ...message,
    userIds: content ? meantBy(content, message.senderId) : [],
    replaces: true,
  });

interface MessagePlace {
  readonly chatId: ChatId;
  readonly seq: number;
  readonly senderId: UserId;
}
