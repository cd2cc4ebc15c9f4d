import { z } from "zod";
import { Entities, entityFault } from "./entities.ts";
import { ChatId, MessageId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { Poll, PollContent, PollTally } from "./polls.ts";
import { SystemContent } from "./system.ts";
import { Counter, Rev, Seq, text, Timestamp } from "./text.ts";

/** What a person can send. */
export const Content = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("text"),
    text: text(1, limits.textLength).meta({ examples: ["Hello, Grace"] }),
    entities: Entities.optional(),
  }).superRefine(({ text, entities = [] }, context) => {
    const fault = entityFault(text, entities);
    if (!fault) return;
    const { index, message } = fault;
    context.addIssue({ code: "custom", path: ["entities", index], message });
  }).meta({ id: "TextContent" }),
  PollContent,
]).meta({ id: "Content", description: "What a message says" });
export type Content = z.infer<typeof Content>;

/** What a message can hold: what a person sent, or what the service told of the group. */
export const MessageContent = z.union([Content, SystemContent]).meta({
  id: "MessageContent",
  description: "What a message holds",
});
export type MessageContent = z.infer<typeof MessageContent>;

export const MessageRef = z.object({ seq: Seq, messageId: MessageId }).meta({
  id: "MessageRef",
});

/** Who said first what was forwarded. */
export const ForwardedFrom = z.object({
  userId: UserId.optional().meta({
    description: "Who said it; not told of channels",
  }),
  chatId: ChatId.optional().meta({
    description: "The public channel that it is a post of",
  }),
  seq: Seq.optional().meta({ description: "The post in that channel" }),
  createdAt: Timestamp,
}).meta({
  id: "ForwardedFrom",
  description:
    "Who said it first, and when. Not where, but for a public channel: a reader need not know of that chat",
});
export type ForwardedFrom = z.infer<typeof ForwardedFrom>;

/** How many people reacted with one emoji. */
export const ReactionCount = z.object({
  emoji: z.string().meta({ examples: ["👍"] }),
  count: Counter,
}).meta({ id: "ReactionCount" });

export const Reaction = ReactionCount.extend({
  mine: z.boolean().meta({ description: "Whether the caller is among them" }),
}).meta({ id: "Reaction" });
export type Reaction = z.infer<typeof Reaction>;

export const Message = z.object({
  chatId: ChatId,
  seq: Seq,
  rev: Rev,
  messageId: MessageId,
  senderId: UserId.meta({
    description: "In a channel without signatures its `chatId`, for posts",
  }),
  content: MessageContent.nullable().meta({
    description: "null once deleted for everyone",
  }),
  forwardedFrom: ForwardedFrom.nullable().meta({
    description: "Where it was said first, of a message that was forwarded",
    examples: [null],
  }),
  replyTo: MessageRef.nullable().meta({
    description: "The message that this one answers",
    examples: [null],
  }),
  replyCount: Counter,
  reactions: z.array(Reaction),
  poll: Poll.nullable().meta({
    description: "How it stands, of a message that is a poll",
    examples: [null],
  }),
  pinned: z.boolean().meta({ examples: [false] }),
  views: Counter.nullable().meta({
    description:
      "How many subscribers have read the post, when it was read or sent; null outside channels and for comments. Events tell no new views",
    examples: [null],
  }),
  createdAt: Timestamp,
  editedAt: Timestamp.nullable().meta({ examples: [null] }),
  deletedAt: Timestamp.nullable().meta({ examples: [null] }),
}).meta({ id: "Message", description: "A message as the caller sees it" });
export type Message = z.infer<typeof Message>;

/** A message as an event carries it: the same for every receiver, so without `mine`. */
export const BroadcastMessage = Message.extend({
  reactions: z.array(ReactionCount),
  poll: PollTally.nullable().meta({
    description: "How it stands, of a message that is a poll",
    examples: [null],
  }),
}).meta({
  id: "BroadcastMessage",
  description:
    "A message as an event carries it: the same for every receiver, so without `mine`",
});
export type BroadcastMessage = z.infer<typeof BroadcastMessage>;

/** A message to be passed on. */
export const ForwardRef = z.strictObject({
  chatId: ChatId,
  messageId: MessageId,
}).meta({
  id: "ForwardRef",
  description:
    "A message that the caller may read, in any chat. Its content is passed on as it is, without its mentions",
});
export type ForwardRef = z.infer<typeof ForwardRef>;

/** What is asked for with a send, over either door. */
export const sendFields = {
  content: Content.optional(),
  forward: ForwardRef.optional().meta({
    description: "In place of `content`",
  }),
  replyTo: MessageId.optional().meta({
    description: "The message that this one answers, in the same chat",
    examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b05"],
  }),
  clearDraft: z.boolean().optional().meta({
    description:
      "Whether the sender's draft in the chat goes away in the same step. It stays otherwise",
    examples: [true],
  }),
};

export const saysOneThing = (
  { content, forward }: { content?: unknown; forward?: unknown },
) => (content === undefined) !== (forward === undefined);
export const oneThing = { error: "Must have either content or forward" };

export const SendMessage = z.strictObject({
  messageId: MessageId.optional(),
  ...sendFields,
}).refine(saysOneThing, oneThing).meta({
  id: "SendMessage",
  description: "Has either `content` or `forward`",
  examples: [{ content: { type: "text", text: "Hello, Grace" } }],
});
export type SendMessage = z.infer<typeof SendMessage>;

export const SentMessage = Message.extend({
  duplicate: z.boolean().optional().meta({
    description: "The message was stored before, with the same `messageId`",
  }),
}).meta({ id: "SentMessage" });

export const EditMessage = z.strictObject({ content: Content }).meta({
  id: "EditMessage",
});

export const EarlierContent = z.object({
  content: MessageContent.nullable().meta({
    description: "null where it cannot be opened any more",
  }),
  writtenAt: Timestamp,
}).meta({
  id: "EarlierContent",
  description: "What a message said before it was edited",
});
export type EarlierContent = z.infer<typeof EarlierContent>;

/** Whom a deletion reaches: the caller alone, or every member. */
export const DeleteFor = z.enum(["me", "everyone"]).meta({ id: "DeleteFor" });
export type DeleteFor = z.infer<typeof DeleteFor>;

export const CursorMove = z.strictObject({ seq: Seq }).meta({
  id: "CursorMove",
});

export const MemberStatus = z.object({
  userId: UserId,
  delivered: z.boolean(),
  read: z.boolean(),
}).meta({ id: "MemberStatus" });

/** How far a message has come towards the other members. */
export const MessageStatus = z.object({
  status: z.enum(["sent", "delivered", "read"]),
  members: z.array(MemberStatus),
}).meta({
  id: "MessageStatus",
  description:
    "How far a message has come: `sent` (stored), `delivered` or `read` (by every other member)",
});
export type MessageStatus = z.infer<typeof MessageStatus>;

const seqQuery = z.coerce.number().pipe(Seq).optional();

/** Which page of a chat: next to a `seq`, around one, or none of them for the latest. */
export const HistoryQuery = z.object({
  before: seqQuery.meta({ description: "The page that ends before this seq" }),
  after: seqQuery.meta({ description: "The page that starts after this seq" }),
  around: seqQuery.meta({
    description: "The page with this seq in its middle",
  }),
  limit: z.coerce.number().int().min(1).max(limits.pageItems).default(50),
}).refine(
  ({ before, after, around }) =>
    [before, after, around].filter((seq) => seq !== undefined).length <= 1,
  { error: "Give at most one of before, after and around" },
);
export type HistoryQuery = z.infer<typeof HistoryQuery>;

/** A page of a chat, ascending by `seq`. */
export const History = z.object({
  items: z.array(Message),
  hasBefore: z.boolean().meta({ description: "Whether older messages exist" }),
  hasAfter: z.boolean().meta({ description: "Whether newer messages exist" }),
}).meta({ id: "History", description: "Messages, ascending by `seq`" });
export type History = z.infer<typeof History>;
