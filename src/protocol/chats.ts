import { z } from "zod";
import { User } from "./accounts.ts";
import { AdminRights, groupPatch, GroupSettings } from "./groups.ts";
import { ChatId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { ListQuery } from "./page.ts";
import { Counter, Rev, text, Timestamp } from "./text.ts";

export const ChatKind = z.enum(["direct", "group", "channel"]).meta({
  id: "ChatKind",
  description:
    "`direct`: exactly two people, one chat a pair, or one person with herself, for notes. `group`: named, with roles. `channel`: those who run it write, subscribers read",
  examples: ["group"],
});
export type ChatKind = z.infer<typeof ChatKind>;

/** Roles from the strongest down. */
export const Role = z.enum(["owner", "admin", "member", "subscriber"]).meta({
  id: "Role",
  description:
    "From the strongest down. A group or channel has exactly one owner; groups have members, channels have subscribers",
  examples: ["member"],
});
export type Role = z.infer<typeof Role>;

export const Title = text(1, 128).regex(/\S/, {
  error: "Must not be blank",
}).meta({ id: "Title", examples: ["Engines"] });

export const About = text(0, 512).meta({
  id: "About",
  examples: ["What the engine does each week"],
});

/** 3–32 of `a-z 0-9 _ .`, starting with a letter, as a username; handles and usernames are told apart. */
export const Handle = z.string().toLowerCase().regex(
  /^[a-z][a-z0-9_.]{2,31}$/,
  {
    error: "Must be 3 to 32 of a-z, 0-9, _ and ., starting with a letter",
  },
).meta({
  id: "Handle",
  description:
    "Names a channel. Capitals are read too, and kept in lower case. A channel keeps its handle for good",
  examples: ["engines"],
});

export const Visibility = z.enum(["public", "private"]).meta({
  id: "Visibility",
  description:
    "`public`: listed, and anyone may subscribe. `private`: by invitation",
});
export type Visibility = z.infer<typeof Visibility>;

const signatures = z.boolean().meta({
  description:
    "Whether posts carry their author as `senderId` from now on; without, that is the `chatId`",
  examples: [false],
});
const comments = z.boolean().meta({
  description: "Whether subscribers may reply to posts",
  examples: [false],
});

/** What only channels have. */
export const ChannelSettings = z.object({
  handle: z.string().nullable().meta({ examples: ["engines"] }),
  visibility: Visibility,
  signatures,
  comments,
}).meta({ id: "ChannelSettings" });
export type ChannelSettings = z.infer<typeof ChannelSettings>;

/** A public channel as everybody can see it; what was said in it is for subscribers. */
export const PublicChannel = z.object({
  chatId: ChatId,
  handle: z.string().meta({ examples: ["engines"] }),
  title: z.string().meta({ examples: ["Engines"] }),
  about: z.string(),
  memberCount: Counter.meta({ description: "How many have subscribed" }),
}).meta({
  id: "PublicChannel",
  description:
    "A public channel as everybody can see it; what was said in it is for subscribers",
});
export type PublicChannel = z.infer<typeof PublicChannel>;

export const Chat = z.object({
  chatId: ChatId,
  kind: ChatKind,
  title: z.string().nullable().meta({
    description: "null for direct chats",
    examples: ["Engines"],
  }),
  about: z.string().meta({ examples: [""] }),
  createdBy: UserId.nullable().meta({
    description: "null for channels, which do not tell who runs them",
  }),
  createdAt: Timestamp,
  memberCount: Counter,
  channel: ChannelSettings.nullable().meta({
    description: "null unless it is a channel",
    examples: [null],
  }),
  group: GroupSettings.nullable().meta({
    description: "null unless it is a group",
  }),
}).meta({ id: "Chat" });
export type Chat = z.infer<typeof Chat>;

export const Member = z.object({
  userId: UserId,
  role: Role,
  rights: AdminRights.meta({
    description: "What the owner or an admin may do; empty for the others",
  }),
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
  z.strictObject({
    kind: z.literal("channel"),
    chatId: ChatId.optional(),
    title: Title,
    about: About.default(""),
    handle: Handle.optional().meta({
      description: "A public channel needs one",
    }),
    visibility: Visibility.default("private"),
    signatures: signatures.default(false),
    comments: comments.default(false),
  }).meta({
    id: "CreateChannel",
    description: "The caller becomes the owner",
  }),
]).meta({ id: "CreateChat" });
export type CreateChat = z.infer<typeof CreateChat>;

export const ChatPatch = z.strictObject({
  title: Title.optional(),
  about: About.optional(),
  handle: Handle.optional().meta({
    description: "Of a channel that has none yet",
  }),
  visibility: Visibility.optional().meta({ description: "Of a channel" }),
  signatures: signatures.optional(),
  comments: comments.optional(),
  ...groupPatch,
}).meta({ id: "ChatPatch" });
export type ChatPatch = z.infer<typeof ChatPatch>;

export const AddMembers = z.strictObject({
  userIds: z.array(UserId).min(1).max(limits.membersPerRequest),
}).meta({ id: "AddMembers" });
export type AddMembers = z.infer<typeof AddMembers>;

/** Which members a list shows. */
export const MemberQuery = ListQuery.extend({
  query: text(1, 128).optional().meta({
    description: "Those whose username or display name begins so",
  }),
  role: Role.optional().meta({ description: "Those with this role" }),
});
export interface MemberQuery extends ListQuery {
  readonly query?: string | undefined;
  readonly role?: Role | undefined;
}

export const MemberPatch = z.strictObject({
  role: Role.optional(),
  rights: AdminRights.optional().meta({
    description:
      "Of an admin, instead of those before. A new admin gets all but `promoteMembers` without them",
  }),
}).refine(({ role, rights }) => role !== undefined || rights !== undefined, {
  error: "Give role, rights or both",
}).meta({ id: "MemberPatch", minProperties: 1 });
export type MemberPatch = z.infer<typeof MemberPatch>;

export const Receipt = z.object({
  userId: UserId,
  deliveredSeq: Counter.meta({
    description: "The last `seq` that reached a device of the member",
  }),
  readSeq: Counter.meta({ description: "The last `seq` the member has read" }),
}).meta({ id: "Receipt", description: "How far a member has come in a chat" });
export type Receipt = z.infer<typeof Receipt>;
