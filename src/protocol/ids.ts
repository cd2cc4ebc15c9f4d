import { z } from "zod";

/** A UUID of any version, read case-insensitively and kept in lower case. */
const uuid = () => z.uuid().toLowerCase();

/** Names one account. */
export const UserId = uuid().brand<"UserId">().meta({
  id: "UserId",
  description: "Names one account (UUID, RFC 9562)",
  examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b01"],
});
export type UserId = z.infer<typeof UserId>;

/** Names one sign-in of an account; the `sid` of its access tokens. */
export const DeviceId = uuid().brand<"DeviceId">().meta({
  id: "DeviceId",
  description: "Names one sign-in of an account (UUID, RFC 9562)",
  examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b02"],
});
export type DeviceId = z.infer<typeof DeviceId>;

/** Names one conversation, whatever its kind. */
export const ChatId = uuid().brand<"ChatId">().meta({
  id: "ChatId",
  description: "Names one chat (UUID, RFC 9562)",
  examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b03"],
});
export type ChatId = z.infer<typeof ChatId>;

/** Names one invitation; made by the client that wants it, or else by the server. It opens nothing. */
export const InviteId = uuid().brand<"InviteId">().meta({
  id: "InviteId",
  description: "Names one invitation (UUID, RFC 9562); it opens nothing",
  examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b05"],
});
export type InviteId = z.infer<typeof InviteId>;

/** Names one message; made by the sending client, which makes it the idempotency key of the send. */
export const MessageId = uuid().brand<"MessageId">().meta({
  id: "MessageId",
  description:
    "Names one message (UUID, RFC 9562). The sender makes it: sent again with the same id, a message is stored once",
  examples: ["019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b04"],
});
export type MessageId = z.infer<typeof MessageId>;
