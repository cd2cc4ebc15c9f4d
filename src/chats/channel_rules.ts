import type { State } from "../changes/mod.ts";
import type { ChatKind, Role } from "../protocol/chats.ts";
import { Problem } from "../protocol/problem.ts";
import { handles } from "./channel_store.ts";
import { hasRight } from "./rights.ts";
import { type Access, forbidden, isInCharge } from "./rules.ts";
import type { ChatRow, MemberRow } from "./store.ts";

/** How a post is shown: with the channel as its sender, or with its author. */
export type PostedAs = "channel" | "author";

/** The role of somebody who simply came in. */
export const plainRole = (kind: ChatKind): Role =>
  kind === "channel" ? "subscriber" : "member";

/** Why the role does not go with the chat; undefined where it does. */
export function refuseRole(
  { kind }: ChatRow,
  role: Role,
): Problem | undefined {
  const unfit = kind === "channel" ? "member" : "subscriber";
  if (role !== unfit) return undefined;
  return new Problem("invalid_input", {
    errors: [{ path: "role", message: `A ${kind} has no ${unfit}s` }],
  });
}

/** Posts are for those who run a channel; where it has comments, everybody may answer a post. */
export function refuseToSpeak(
  { chat, member }: Access,
  answered: { readonly postedAs: PostedAs | null } | undefined,
): Problem | undefined {
  if (chat.kind !== "channel" || hasRight(member, "postMessages")) {
    return undefined;
  }
  if (answered === undefined || !chat.comments) {
    return forbidden("Only those who run the channel may post in it");
  }
  if (answered.postedAs === null) {
    return forbidden("Only posts can be commented on");
  }
}

/** Decided when it is said, so that signatures told later name nobody who wrote before. */
export const postedAs = (
  { chat, member }: Access,
  isReply: boolean,
): PostedAs | null =>
  chat.kind !== "channel" ||
    (isReply && !hasRight(member, "postMessages"))
    ? null
    : chat.signatures
    ? "author"
    : "channel";

/** What was posted is the channel's: its author may touch it while running the channel. */
export const mayTouchPost = (
  { member }: Access,
  postedAs: PostedAs | null,
) => postedAs === null || isInCharge(member);

/** A mention stays where the person is in the chat: in a channel that would tell who has subscribed. */
export const mayMentionPeople = ({ chat, member }: Access) =>
  chat.kind !== "channel" || isInCharge(member);

/** A channel's people are for those who run it to know. */
export function refuseToList({ role }: MemberRow): Problem | undefined {
  if (role !== "subscriber") return undefined;
  return forbidden("Only those who run the channel see who has subscribed");
}

/** Why the channel cannot have the handle. Needs the row of `handles`. */
export function refuseHandle(
  state: State,
  chat: Pick<ChatRow, "chatId" | "handle">,
  handle: string | undefined,
): Problem | undefined {
  if (handle === undefined || handle === chat.handle) return undefined;
  if (chat.handle !== null) {
    return new Problem("conflict", {
      detail: "A channel keeps the handle it has",
    });
  }
  if (state.get(handles, { handle })) return new Problem("handle_taken");
}

/** A channel that anybody may find has a name to be found by. */
export function refuseNameless(
  { handle, visibility }: Pick<ChatRow, "handle" | "visibility">,
): Problem | undefined {
  if (visibility !== "public" || handle !== null) return undefined;
  return new Problem("invalid_input", {
    errors: [{ path: "handle", message: "A public channel needs a handle" }],
  });
}
