import { z } from "zod";
import { User } from "./accounts.ts";
import { ChatId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { Counter, text, Timestamp } from "./text.ts";

export const ChatKind = z.enum(["direct", "group"]);
export type ChatKind = z.infer<typeof ChatKind>;

/** Roles from the strongest down. */
export const Role = z.enum(["owner", "admin", "member"]);
export type Role = z.infer<typeof Role>;

export const Title = text(1, 128).refine((title) => title.trim() !== "", {
  error: "Must not be blank",
});

export const Chat = z.object({
  chatId: ChatId,
  kind: ChatKind,
  title: z.string().nullable().meta({ description: "null for direct chats" }),
  createdBy: UserId,
  createdAt: Timestamp,
  memberCount: Counter,
}).meta({ id: "Chat" });
export type Chat = z.infer<typeof Chat>;

export const Member = z.object({
  userId: UserId,
  role: Role,
  joinedAt: Timestamp,
  leftAt: Timestamp.nullable(),
  rev: Counter,
  user: User,
}).meta({ id: "Member" });
export type Member = z.infer<typeof Member>;

export const CreateChat = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("direct"),
    chatId: ChatId.optional(),
    memberIds: z.array(UserId).length(1).meta({
      description: "The other person",
    }),
  }),
  z.strictObject({
    kind: z.literal("group"),
    chatId: ChatId.optional(),
    title: Title,
    memberIds: z.array(UserId).max(limits.membersPerRequest).default([]),
  }),
]).meta({ id: "CreateChat" });
export type CreateChat = z.infer<typeof CreateChat>;

export const ChatPatch = z.strictObject({ title: Title }).meta({
  id: "ChatPatch",
});
export type ChatPatch = z.infer<typeof ChatPatch>;

export const AddMembers = z.strictObject({
  userIds: z.array(UserId).min(1).max(limits.membersPerRequest),
}).meta({ id: "AddMembers" });
export type AddMembers = z.infer<typeof AddMembers>;

export const MemberPatch = z.strictObject({ role: Role }).meta({
  id: "MemberPatch",
});
export type MemberPatch = z.infer<typeof MemberPatch>;

export const Receipt = z.object({
  userId: UserId,
  deliveredSeq: Counter,
  readSeq: Counter,
}).meta({ id: "Receipt" });
export type Receipt = z.infer<typeof Receipt>;
