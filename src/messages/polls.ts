import { type Command, put, reads } from "../changes/mod.ts";
import { forbidden, mayTouchPost } from "../chats/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import { isoTime } from "../lib/iso_time.ts";
import type { RevReply } from "../protocol/frames.ts";
import type { MessageContent } from "../protocol/messages.ts";
import type { PollContent, PollTally } from "../protocol/polls.ts";
import { Problem } from "../protocol/problem.ts";
import { alreadyDeleted, changeMessage, type Target } from "./change.ts";
import { bitsOf, optionsOf, votes } from "./poll_store.ts";
import type { MessageRow, MessageTable } from "./store.ts";

/** How a poll stands before anybody has voted; null for what is none. */
export const newTally = (content: MessageContent): PollTally | null =>
  content.type !== "poll" ? null : {
    counts: content.options.map(() => 0),
    voters: 0,
    closedAt: null,
  };

/** Whether the time of a poll is over. */
export const hasEnded = ({ closesAt }: PollContent, now: Date): boolean =>
  closesAt !== undefined && Date.parse(closesAt) <= now.getTime();

interface OpenPoll {
  readonly content: PollContent;
  readonly tally: PollTally;
}

/** The poll that a message is, where it still goes on. */
function openPoll(message: MessageRow, now: Date): OpenPoll | Problem {
  const { content, poll: tally, deletedAt } = message;
  if (deletedAt !== null) return alreadyDeleted();
  if (content?.type !== "poll" || tally === null) {
    return new Problem("conflict", { detail: "The message is no poll" });
  }
  if (tally.closedAt !== null || hasEnded(content, now)) {
    return new Problem("conflict", { detail: "The poll is closed" });
  }
  return { content, tally };
}

/**
 * A person chooses, something else than before, or nothing any more. The chat hears how the poll stands
 * now; what was chosen goes to the person's own devices, so it takes the account's counter too.
 */
export function vote(
  messages: MessageTable,
  target: Target,
  options: readonly number[],
): Command<RevReply> {
  const { messageId, by: userId } = target;
  const key = { messageId, userId };
  const choices = bitsOf(options);
  const command = changeMessage(messages, target, (message, _, state) => {
    const poll = openPoll(message, state.now);
    if (poll instanceof Problem) return poll;
    const unfit = refuseOptions(poll.content, options);
    if (unfit) return unfit;
    const before = state.get(votes, key)?.choices ?? 0;
    if (before === choices) return "unchanged";
    const refusal = choices === 0
      ? undefined
      : refuseBlocked(state, target.chatId);
    if (refusal) return refusal;
    const { chatId, seq } = message;
    return {
      change: "voted",
      isAnonymous: poll.content.anonymous,
      row: () => ({ ...message, poll: recount(poll.tally, before, choices) }),
      also(numbers) {
        const accountRev = numbers.rev(userId);
        const place = { chatId, seq, accountRev };
        return {
          rows: [
            put(votes, { ...key, ...place, choices, votedAt: numbers.now }),
          ],
          events: [{
            account: userId,
            rev: accountRev,
            event: {
              type: "poll.voted",
              ...place,
              options: optionsOf(choices),
            },
          }],
        };
      },
    };
  }, [reads(votes, [key]), reads(blockedChats, [target])]);
  return { ...command, scopes: [...command.scopes, userId] };
}

function refuseOptions(
  { options: offered, multiple }: PollContent,
  options: readonly number[],
): Problem | undefined {
  const message = options.some((option) => option >= offered.length)
    ? "Must be options of the poll"
    : new Set(options).size > 1 && !multiple
    ? "Must be one option"
    : undefined;
  if (message) {
    return new Problem("invalid_input", {
      errors: [{ path: "options", message }],
    });
  }
}

const recount = (
  tally: PollTally,
  before: number,
  after: number,
): PollTally => ({
  ...tally,
  counts: tally.counts.map((count, option) =>
    count + (after >> option & 1) - (before >> option & 1)
  ),
  voters: tally.voters + Number(after !== 0) - Number(before !== 0),
});

/** Its author ends a poll. Repeating it changes nothing. */
export const closePoll = (messages: MessageTable, target: Target) =>
  changeMessage(messages, target, (message, access, state) => {
    if (message.poll?.closedAt) return "unchanged";
    const poll = openPoll(message, state.now);
    if (poll instanceof Problem) return poll;
    if (
      message.senderId !== target.by ||
      !mayTouchPost(access, message.postedAs)
    ) {
      return forbidden("Only its author may close a poll");
    }
    return {
      change: "closed",
      row: (now) => ({
        ...message,
        poll: { ...poll.tally, closedAt: isoTime(now) },
      }),
    };
  });
