import {
  type Announced,
  type Command,
  type Decision,
  type Numbers,
  type Put,
  put,
  type Read,
  reads,
  type State,
} from "../changes/mod.ts";
import {
  type Access,
  accessKeys,
  admit,
  chatTable,
  memberTable,
  type Narration,
  sees,
} from "../chats/mod.ts";
import type { EventOf } from "../protocol/events.ts";
import type { RevReply } from "../protocol/frames.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { SystemContent } from "../protocol/system.ts";
import { broadcastOf } from "./shape.ts";
import type { MessageRow, MessageTable } from "./store.ts";

/** Which message, and who wants to change it. */
export interface Target {
  readonly chatId: ChatId;
  readonly messageId: MessageId;
  readonly by: UserId;
}

type Updated = EventOf<"message.updated">;

/** What a change makes of a message, and what the event says of it. */
export interface Changed {
  readonly row: (now: Date) => MessageRow;
  readonly change: Updated["change"];
  readonly emoji?: string;
  readonly rows?: Put[];
  /** Whether nobody is told who did it. */
  readonly isAnonymous?: boolean;
  /** What changes beside the message, with numbers of its own. */
  also?(numbers: Numbers): { rows: Put[]; events: Announced[] };
  /** What the group is told of it, as a message of its own. */
  readonly told?: SystemContent;
}

/**
 * The frame that every change to a stored message shares: admit the caller, find the message, take
 * one `rev`, tell everyone its whole present state. `decide` says what is to change; "unchanged"
 * answers with the present `rev` and takes none.
 */
export function changeMessage(
  messages: MessageTable,
  target: Target,
  decide: (
    message: MessageRow,
    access: Access,
    state: State,
  ) => Changed | Problem | "unchanged",
  further: readonly Read[] = [],
  narration?: Narration,
): Command<RevReply> {
  const { chatId, messageId, by } = target;
  const keys = accessKeys(chatId, by);
  return {
    scopes: [chatId],
    reads: [
      reads(chatTable, keys.chat),
      reads(memberTable, keys.members),
      reads(messages, [{ chatId, messageId }]),
      ...further,
    ],
    decide(state): Decision<RevReply> {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const message = state.get(messages, { chatId, messageId });
      if (!message || !sees(access, message)) return new Problem("not_found");
      const decision = decide(message, access, state);
      if (decision instanceof Problem) return decision;
      if (decision === "unchanged") return { reply: { rev: message.rev } };
      return {
        fact(numbers) {
          const rev = numbers.rev(chatId);
          const row = { ...decision.row(numbers.now), rev };
          const { change, emoji, told, isAnonymous } = decision;
          const isVeiled = access.chat.kind === "channel" && isReaction(change);
          const line = told && narration?.tell(numbers, by, told);
          const also = decision.also?.(numbers);
          return {
            rows: [
              put(messages, row),
              ...(decision.rows ?? []),
              ...(line?.rows ?? []),
              ...(also?.rows ?? []),
            ],
            events: [
              {
                chat: chatId,
                rev,
                ...(isVeiled && !isAnonymous ? { by } : {}),
                event: {
                  type: "message.updated",
                  chatId,
                  rev,
                  message: broadcastOf(row),
                  change,
                  ...(isAnonymous || isVeiled
                    ? {}
                    : { userId: shownActor(access, message, by) }),
                  ...(emoji === undefined ? {} : { emoji }),
                },
              },
              ...(line?.events ?? []),
              ...(also?.events ?? []),
            ],
            reply: { rev },
          };
        },
      };
    },
  };
}

/** What everybody may do who reads a message; in a channel it would tell who has subscribed. */
const isReaction = (change: Updated["change"]) =>
  change === "reacted" || change === "unreacted" || change === "voted";

/** Who changed a message, for everybody: what those who run a channel do there, the channel does. */
function shownActor(
  { chat }: Access,
  { senderId, postedAs }: MessageRow,
  by: UserId,
): UserId {
  const isOwn = postedAs !== "channel" && senderId === by;
  return chat.kind === "channel" && !isOwn
    ? chat.chatId as string as UserId
    : by;
}
/** Whether the service made it, to tell what happened to the group. */
export const isSystem = ({ content }: MessageRow) => content?.type === "system";

export const alreadyDeleted = () =>
  new Problem("conflict", { detail: "The message was deleted for everyone" });
