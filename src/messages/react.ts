import { put, reads } from "../changes/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";
import { alreadyDeleted, changeMessage, type Target } from "./change.ts";
import { reactions } from "./reaction_store.ts";
import { type MessageTable, type ReactionCounts } from "./store.ts";

/** A person's emoji on a message comes (`active`) or goes. Repeating it changes nothing. */
export function react(
  messages: MessageTable,
  target: Target,
  emoji: string,
  active: boolean,
) {
  const { messageId, by: userId } = target;
  const key = { messageId, userId, emoji };
  return changeMessage(messages, target, (message, _access, state) => {
    if (message.deletedAt !== null) return alreadyDeleted();
    if ((state.get(reactions, key)?.active ?? false) === active) {
      return "unchanged";
    }
    const refusal = active ? refuseBlocked(state, target.chatId) : undefined;
    if (refusal) return refusal;
    const counts = recount(message.reactionCounts, emoji, active ? 1 : -1);
    if (counts.length > limits.reactionsPerMessage) {
      return new Problem("conflict", {
        detail:
          `A message carries at most ${limits.reactionsPerMessage} different emoji`,
      });
    }
    const { chatId, seq } = message;
    return {
      change: active ? "reacted" : "unreacted",
      emoji,
      row: () => ({ ...message, reactionCounts: counts }),
      rows: [put(reactions, { ...key, chatId, seq, active })],
    };
  }, [
    reads(reactions, [key]),
    ...(active ? [reads(blockedChats, [target])] : []),
  ]);
}

function recount(
  counts: ReactionCounts,
  emoji: string,
  step: number,
): ReactionCounts {
  const known = counts.some(([one]) => one === emoji);
  const next: ReactionCounts = known
    ? counts.map(([one, count]) =>
      [one, one === emoji ? count + step : count] as const
    )
    : [...counts, [emoji, step]];
  return next.filter(([, count]) => count > 0);
}
