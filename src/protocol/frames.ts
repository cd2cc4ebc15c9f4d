import { z } from "zod";
import { Presence } from "./accounts.ts";
import { Event } from "./events.ts";
import { ChatId, MessageId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { Content, DeleteFor } from "./messages.ts";
import { ProblemDocument } from "./problem.ts";
import { Changes, Welcome } from "./sync.ts";
import { Counter, Emoji, Timestamp } from "./text.ts";

/** The WebSocket subprotocol that both sides must name. */
export const subprotocol = "parley.v1";

export const RequestId = z.union([Counter, z.string().min(1).max(64)]);
export type RequestId = z.infer<typeof RequestId>;

const frame = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), id: RequestId, ...shape });

/** The first frame of every connection. */
export const HelloFrame = frame("hello", {
  token: z.string().min(1).max(4096),
  cursor: z.string().min(1).max(512).optional(),
});
export type HelloFrame = z.infer<typeof HelloFrame>;

/** What a client may ask for once it has said hello. */
export const ClientFrame = z.discriminatedUnion("type", [
  frame("send", {
    chatId: ChatId,
    messageId: MessageId,
    content: Content,
    replyTo: MessageId.optional(),
  }),
  frame("edit", { chatId: ChatId, messageId: MessageId, content: Content }),
  frame("delete", {
    chatId: ChatId,
    messageId: MessageId,
    for: DeleteFor.default("everyone"),
  }),
  frame("react", {
    chatId: ChatId,
    messageId: MessageId,
    emoji: Emoji,
    active: z.boolean().default(true),
  }),
  frame("read", { chatId: ChatId, seq: Counter }),
  frame("delivered", { chatId: ChatId, seq: Counter }),
  z.strictObject({
    type: z.literal("typing"),
    id: RequestId.optional(),
    chatId: ChatId,
    active: z.boolean(),
  }),
  frame("presence", { state: z.enum(["active", "away"]) }),
  frame("watch", { userIds: z.array(UserId).max(limits.watchedUsers) }),
  frame("changes", {
    chatId: ChatId,
    since: Counter,
    limit: z.int().min(1).max(limits.pageItems).default(limits.pageItems),
  }),
  frame("refresh", { token: z.string().min(1).max(4096) }),
  frame("ping", {}),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export type ClientFrameOf<T extends ClientFrame["type"]> = Extract<
  ClientFrame,
  { type: T }
>;

export const SendReply = z.object({
  messageId: MessageId,
  seq: Counter,
  rev: Counter,
  createdAt: Timestamp,
  duplicate: z.boolean(),
}).meta({ id: "SendReply" });
export type SendReply = z.infer<typeof SendReply>;

export const RevReply = z.object({ rev: Counter }).meta({ id: "RevReply" });
export type RevReply = z.infer<typeof RevReply>;
const Nothing = z.object({});

/** The `data` of the reply to each request, by the request's type. */
export const replyData = {
  hello: Welcome,
  send: SendReply,
  edit: RevReply,
  delete: RevReply,
  react: RevReply,
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
  }),
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
