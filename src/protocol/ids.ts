import { z } from "zod";

/** A UUID of any version, read case-insensitively and kept in lower case. */
const uuid = () => z.uuid().toLowerCase();

/** Names one account. */
export const UserId = uuid().brand<"UserId">();
export type UserId = z.infer<typeof UserId>;

/** Names one sign-in of an account; the `sid` of its access tokens. */
export const DeviceId = uuid().brand<"DeviceId">();
export type DeviceId = z.infer<typeof DeviceId>;

/** Names one conversation, whatever its kind. */
export const ChatId = uuid().brand<"ChatId">();
export type ChatId = z.infer<typeof ChatId>;

/** Names one message; made by the sending client, which makes it the idempotency key of the send. */
export const MessageId = uuid().brand<"MessageId">();
export type MessageId = z.infer<typeof MessageId>;
