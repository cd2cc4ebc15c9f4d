import { z } from "zod";
import { User } from "./accounts.ts";
import { ChatId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { Counter, Rev, text, Timestamp } from "./text.ts";

export const ChatKind = z.enum(["direct", "group"]).meta({
  id: "ChatKind",
  description:
    "`direct`: exactly two people, one chat a pair, or one person with herself, for notes. `group`: named, with roles",
  examples: ["group"],
});
export type ChatKind = z.infer<typeof ChatKind>;

/** Roles from the strongest down. */
export const Role = z.enum(["owner", "admin", "member"]).meta({
  id: "Role",
  description: "From the strongest down. A group has exactly one owner",
  examples: ["member"],
});
export type Role = z.infer<typeof Role>;

export const Title = text(1, 128).regex(/\S/, {
  error: "Must not be blank",
}).meta({ id: "Title", examples: ["Engines"] });

export const Chat = z.object({
  chatId: ChatId,
  kind: ChatKind,
  title: z.string().nullable().meta({
    description: "null for direct chats",
    examples: ["Engines"],
  }),
  createdBy: UserId,
  createdAt: Timestamp,
  memberCount: Counter,
}).meta({ id: "Chat" });
export type Chat = z.infer<typeof Chat>;

export const Member = z.object({
  userId: UserId,
  role: Role,
  joinedAt: Timestamp,
  leftAt: Timestamp.nullable().meta({
    description: "null while the person is in the chat",
    examples: [null],
  }),
  rev: Rev,
  user: User,
}).meta({ id: "Member", description: "A person in a chat, or once in it" });
export type Member = z.infer<typeof Member>;

export const CreateChat = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("direct"),
    chatId: ChatId.optional(),
    memberIds: z.array(UserId).length(1).meta({
      description: "The other person; the caller's own id for notes",
    }),
  }).meta({ id: "CreateDirectChat" }),
  z.strictObject({
    kind: z.literal("group"),
    chatId: ChatId.optional(),
    title: Title,
    memberIds: z.array(UserId).max(limits.membersPerRequest).default([]).meta({
      description: "The others; the caller becomes the owner",
    }),
  }).meta({ id: "CreateGroup" }),
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
  deliveredSeq: Counter.meta({
    description: "The last `seq` that reached a device of the member",
  }),
  readSeq: Counter.meta({ description: "The last `seq` the member has read" }),
}).meta({ id: "Receipt", description: "How far a member has come in a chat" });
export type Receipt = z.infer<typeof Receipt>;
