import { z } from "zod";
import { Presence } from "./accounts.ts";
import { Event } from "./events.ts";
import { ChatId, MessageId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import {
  Content,
  DeleteFor,
  oneThing,
  saysOneThing,
  sendFields,
} from "./messages.ts";
import { Choice } from "./polls.ts";
import { ProblemDocument } from "./problem.ts";
import { Changes, Welcome } from "./sync.ts";
import { Counter, Emoji, Rev, Seq, Timestamp } from "./text.ts";

/** The WebSocket subprotocol that both sides must name. */
export const subprotocol = "parley.v1";

export const RequestId = z.union([Counter, z.string().min(1).max(64)]).meta({
  id: "RequestId",
  description: "The client's name for a request; its reply carries the same",
  examples: [7],
});
export type RequestId = z.infer<typeof RequestId>;

const frameId = (type: string) =>
  `${type[0]!.toUpperCase()}${type.slice(1)}Frame`;

const frame = <T extends string, S extends z.ZodRawShape>(
  type: T,
  description: string,
  shape: S,
) =>
  z.strictObject({ type: z.literal(type), id: RequestId, ...shape })
    .meta({ id: frameId(type), description });

const Token = z.string().min(1).max(4096).meta({
  description: "An access token",
  examples: ["eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMTlhIn0.c2ln"],
});

/** The first frame of every connection. */
export const HelloFrame = frame(
  "hello",
  "Signs in. The first frame of every connection",
  {
    token: Token,
    cursor: z.string().min(1).max(512).optional().meta({
      description:
        "Of the last hello or `/sync`: the reply then names only the chats that changed since",
      examples: ["1.3f1d2c4b5a69788796a5b4c3d2e1f001.7310.42"],
    }),
  },
);
export type HelloFrame = z.infer<typeof HelloFrame>;

/** What a client may ask for once it has said hello. */
export const ClientFrame = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("send"),
    id: RequestId,
    chatId: ChatId,
    messageId: MessageId,
    ...sendFields,
  }).refine(saysOneThing, oneThing).meta({
    id: frameId("send"),
    description:
      "Sends a message, or forwards one; answered once it is durable. Has either `content` or `forward`",
    examples: [{
      type: "send",
      id: 7,
      chatId: "019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b03",
      messageId: "019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b04",
      content: { type: "text", text: "Hello, Grace" },
    }],
  }),
  frame("edit", "Changes the content of one's own message", {
    chatId: ChatId,
    messageId: MessageId,
    content: Content,
  }),
  frame("delete", "Deletes a message for oneself or for everyone", {
    chatId: ChatId,
    messageId: MessageId,
    for: DeleteFor.default("everyone"),
  }),
  frame("react", "Reacts with an emoji, or takes the reaction back", {
    chatId: ChatId,
    messageId: MessageId,
    emoji: Emoji,
    active: z.boolean().default(true),
  }),
  frame("vote", "Chooses in a poll, in place of what one chose before", {
    chatId: ChatId,
    messageId: MessageId,
    options: Choice,
  }),
  frame("closePoll", "Ends one's own poll", {
    chatId: ChatId,
    messageId: MessageId,
  }),
  frame("read", "Tells how far one has read; never moves back", {
    chatId: ChatId,
    seq: Seq,
  }),
  frame("delivered", "Tells what has arrived; never moves back", {
    chatId: ChatId,
    seq: Seq,
  }),
  z.strictObject({
    type: z.literal("typing"),
    id: RequestId.optional(),
    chatId: ChatId,
    active: z.boolean(),
  }).meta({
    id: frameId("typing"),
    description:
      "Tells the chat that one is typing, or no longer. Without an `id` it gets no reply",
  }),
  frame("presence", "Tells whether a person is at this device", {
    state: z.enum(["active", "away"]),
  }),
  frame(
    "watch",
    "Asks for the presence of these people from now on, instead of those before",
    { userIds: z.array(UserId).max(limits.watchedUsers) },
  ),
  frame("changes", "Reads what changed in a chat after a rev", {
    chatId: ChatId,
    since: Rev,
    limit: z.int().min(1).max(limits.pageItems).default(limits.pageItems),
  }),
  frame(
    "refresh",
    "Brings a new access token of the same device before the old one runs out",
    { token: Token },
  ),
  frame("ping", "Asks for a sign of life", {}),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export type ClientFrameOf<T extends ClientFrame["type"]> = Extract<
  ClientFrame,
  { type: T }
>;

export const SendReply = z.object({
  messageId: MessageId,
  seq: Seq,
  rev: Rev,
  createdAt: Timestamp,
  duplicate: z.boolean().meta({
    description: "The message was stored before, with the same `messageId`",
    examples: [false],
  }),
}).meta({ id: "SendReply" });
export type SendReply = z.infer<typeof SendReply>;

export const RevReply = z.object({ rev: Rev }).meta({
  id: "RevReply",
  description: "The message's `rev` as it is now",
});
export type RevReply = z.infer<typeof RevReply>;
const Nothing = z.object({});

/** The `data` of the reply to each request, by the request's type. */
export const replyData = {
  hello: Welcome,
  send: SendReply,
  edit: RevReply,
  delete: RevReply,
  react: RevReply,
  vote: RevReply,
  closePoll: RevReply,
  read: Nothing,
  delivered: Nothing,
  typing: Nothing,
  presence: Nothing,
  watch: z.object({ presence: z.array(Presence) }),
  changes: Changes,
  refresh: z.object({ expiresAt: Timestamp }),
  ping: Nothing,
} as const;
export type ReplyData<T extends keyof typeof replyData> = z.infer<
  (typeof replyData)[T]
>;

/** Exactly one answers each request that has an `id`. */
export const ReplyFrame = z.discriminatedUnion("ok", [
  z.object({
    type: z.literal("reply"),
    id: RequestId,
    ok: z.literal(true),
    data: z.unknown(),
  }),
  z.object({
    type: z.literal("reply"),
    id: RequestId.nullable(),
    ok: z.literal(false),
    error: ProblemDocument,
  }).meta({ id: "ErrorReply" }),
]);
export type ReplyFrame = z.infer<typeof ReplyFrame>;

/** Everything a server may send. */
export type ServerFrame = ReplyFrame | Event;

/** Why the server closes a connection. */
export const closeCodes = {
  /** The send buffer passed its limit; nothing is lost, resume by `rev`. */
  slowConsumer: 4008,
  /** A frame that cannot be read, or a request before hello. */
  badFrame: 4400,
  /** The token is missing, expired or revoked. */
  unauthenticated: 4401,
  /** No hello within 5 s. */
  timeout: 4408,
  /** A frame larger than the limit. */
  frameTooLarge: 4413,
  /** Too many frames. */
  flooding: 4429,
  /** The server restarts: reconnect after `reconnectInMs` (RFC 6455 registry: service restart). */
  restart: 1012,
} as const;
