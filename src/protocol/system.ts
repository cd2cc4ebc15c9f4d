import { z } from "zod";
import { MessageId, UserId } from "./ids.ts";
import { Seq } from "./text.ts";

const happening = <E extends string, S extends z.ZodRawShape>(
  event: E,
  description: string,
  shape: S,
) =>
  z.object({ type: z.literal("system"), event: z.literal(event), ...shape })
    .meta({ id: `${event[0]!.toUpperCase()}${event.slice(1)}`, description });

/**
 * What happened to a group, told in it as a message: its sender is who did it. Only the service makes
 * one, in the same transaction as the change that it tells of.
 */
export const SystemContent = z.discriminatedUnion("event", [
  happening("groupCreated", "The sender made the group", {
    title: z.string().meta({ examples: ["Engines"] }),
  }),
  happening("memberJoined", "These came in; the sender added them, or came", {
    userIds: z.array(UserId),
  }),
  happening("memberLeft", "The sender left", {}),
  happening("memberRemoved", "The sender took a person out", {
    userId: UserId,
  }),
  happening("titleChanged", "The sender gave the group another title", {
    title: z.string().meta({ examples: ["Looms"] }),
  }),
  happening("ownerChanged", "The sender handed the group over, or left it to", {
    userId: UserId,
  }),
  happening("pinned", "The sender pinned a message", {
    seq: Seq,
    messageId: MessageId,
  }),
]).meta({
  id: "SystemContent",
  description:
    "What happened to a group. Made by the service alone; the message's sender is who did it",
});
export type SystemContent = z.infer<typeof SystemContent>;
