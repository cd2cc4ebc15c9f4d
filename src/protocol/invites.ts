import { z } from "zod";
import { User } from "./accounts.ts";
import { ChatKind, Title } from "./chats.ts";
import { ChatId, InviteId, UserId } from "./ids.ts";
import { Counter, Timestamp } from "./text.ts";

/** 192 random bits, as base64url: whoever has it has the invitation. */
export const InviteCode = z.string().regex(/^[A-Za-z0-9_-]{32}$/, {
  error: "Must be a code that the service made",
}).meta({
  id: "InviteCode",
  description: "The secret part of an invitation's link",
  examples: ["mPq3vXk0T1yZb7cD9eFgHiJkLmNoPqRs"],
});
export type InviteCode = z.infer<typeof InviteCode>;

const expiresAt = Timestamp.nullable().meta({
  description: "null: it does not run out",
  examples: [null],
});
const maxUses = z.int().min(1).max(1_000_000).nullable().meta({
  description: "How many can use it; null: as many as like to",
  examples: [100],
});
const needsApproval = z.boolean().meta({
  description: "Whether those who use it wait until they are let in",
  examples: [false],
});

export const CreateInvite = z.strictObject({
  inviteId: InviteId.optional(),
  expiresAt: expiresAt.default(null),
  maxUses: maxUses.default(null),
  needsApproval: needsApproval.default(false),
}).meta({ id: "CreateInvite" });
export type CreateInvite = z.infer<typeof CreateInvite>;

/** An invitation, as those who run the chat see it. */
export const Invite = z.object({
  inviteId: InviteId,
  code: InviteCode.nullable().meta({
    description: "null where the service cannot open it any more",
  }),
  createdBy: UserId,
  createdAt: Timestamp,
  expiresAt,
  maxUses,
  uses: Counter.meta({
    description: "Who came in by it, and who waits to be let in",
  }),
  needsApproval,
}).meta({ id: "Invite", description: "A link into a group or channel" });
export type Invite = z.infer<typeof Invite>;

export const CreatedInvite = Invite.extend({
  duplicate: z.boolean().optional().meta({
    description: "The invitation was there before",
  }),
}).meta({ id: "CreatedInvite" });

/** What whoever has the code may know. */
export const InvitePreview = z.object({
  kind: ChatKind,
  title: Title,
  about: z.string(),
  memberCount: Counter,
  needsApproval,
}).meta({
  id: "InvitePreview",
  description: "What whoever has the code may know of the chat",
});
export type InvitePreview = z.infer<typeof InvitePreview>;

/** Somebody waits to be let in. */
export const JoinRequest = z.object({
  user: User,
  inviteId: InviteId,
  requestedAt: Timestamp,
}).meta({ id: "JoinRequest", description: "Somebody waits to be let in" });
export type JoinRequest = z.infer<typeof JoinRequest>;

/** The caller waits to be let in. */
export const Waiting = z.object({ status: z.literal("waiting") }).meta({
  id: "Waiting",
  description: "The caller waits to be let in",
});

/** The same, as an export has it. */
export const ExportedJoinRequest = z.object({
  chatId: ChatId,
  requestedAt: Timestamp,
}).meta({
  id: "ExportedJoinRequest",
  description: "A chat that the account waits to be let into",
});
export type ExportedJoinRequest = z.infer<typeof ExportedJoinRequest>;
