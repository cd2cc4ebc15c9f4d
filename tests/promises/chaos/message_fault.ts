import type { Message } from "../../../src/protocol/messages.ts";
import type { Operation } from "../model/operation.ts";
import type { Asked } from "./ledger.ts";
import { contentOf, wordsOf } from "../model/content.ts";

type Wish<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;
/** What was asked for, of one kind, and may have happened. */
type Possible<K extends Operation["kind"]> = Asked & { wish: Wish<K> };

export const isGranted = ({ answered }: Asked) =>
  answered !== undefined && !("refused" in answered);
export const isPossible = (asked: Asked) =>
  asked.isUncertain || isGranted(asked);

const possible = <K extends Operation["kind"]>(
  asked: readonly Asked[],
  kind: K,
): Possible<K>[] =>
  asked.filter((one): one is Possible<K> =>
    one.wish.kind === kind && isPossible(one)
  );

/**
 * What is wrong with a message, compared with what was answered to those who sent, edited, deleted and
 * reacted to it; undefined where it is as it was acknowledged, or as one of the things that were never
 * answered can have made it.
 */
export function messageFault(
  message: Message | undefined,
  asked: readonly Asked[],
): string | undefined {
  const sends = possible(asked, "send");
  const acknowledged = sends.filter(isGranted);
  if (!message) {
    return acknowledged.length > 0 ? "was acknowledged and is gone" : undefined;
  }
  return ofSends(message, sends) ?? ofContent(message, sends, asked) ??
    ofReactions(message, asked) ?? ofPoll(message, asked);
}

function ofSends(
  { seq, senderId }: Message,
  sends: readonly Possible<"send">[],
): string | undefined {
  if (sends.length === 0) return `is at seq ${seq} and nobody can have sent it`;
  if (!sends.some(({ by }) => by === senderId)) {
    return `is from ${senderId}, who cannot have sent it`;
  }
  for (const { by, answered } of sends) {
    if (!answered || !("seq" in answered)) continue;
    if (answered.seq !== seq) {
      return `was acknowledged at seq ${answered.seq} and is at ${seq}`;
    }
    if (by !== senderId) return `was acknowledged to ${by}, not to ${senderId}`;
  }
}

function ofContent(
  { content, editedAt, senderId }: Message,
  sends: readonly Possible<"send">[],
  asked: readonly Asked[],
): string | undefined {
  const deletes = possible(asked, "delete");
  if (content === null) {
    return deletes.length > 0 ? undefined : "is deleted and nobody did that";
  }
  if (deletes.some(isGranted)) return "was deleted and is there again";
  const edits = possible(asked, "edit");
  const text = wordsOf(content);
  if (editedAt === null) {
    if (edits.some(isGranted)) return `was edited and says '${text}' again`;
    const isSaid = sends.some(({ by, wish }) =>
      by === senderId && wordsOf(contentOf(wish)) === text
    );
    return isSaid ? undefined : `says '${text}', which was not sent`;
  }
  // Of several edits that were answered the one with the highest rev counts.
  const revOf = ({ answered }: Asked) =>
    answered && "rev" in answered ? answered.rev! : 0;
  const last = edits.filter(isGranted).sort((a, b) => revOf(b) - revOf(a))[0];
  const candidates = edits.filter((edit) => edit.isUncertain || edit === last);
  const isSaid = candidates.some(({ wish }) => wish.text === text);
  return isSaid ? undefined : `says '${text}', which was not the last edit`;
}

function ofReactions(
  { content, reactions }: Message,
  asked: readonly Asked[],
): string | undefined {
  if (content === null) return;
  const reacts = possible(asked, "react");
  const counts = new Map<string, number>(
    reactions.map(({ emoji, count }) => [emoji, count]),
  );
  const byEmoji = Map.groupBy(reacts, ({ wish }) => wish.emoji);
  for (const [emoji, all] of byEmoji) {
    const byPerson = [...Map.groupBy(all, ({ by }) => by).values()];
    // Where somebody both gave and took it, nobody here knows which came last.
    const isPlain = byPerson.every((own) =>
      own.some(isGranted) &&
      own.every(({ wish }) => wish.active === own[0]!.wish.active)
    );
    if (!isPlain) continue;
    const count = byPerson.filter(([first]) => first!.wish.active).length;
    if (count !== (counts.get(emoji) ?? 0)) {
      return `has ${counts.get(emoji) ?? 0} ${emoji}, and ${count} were given`;
    }
  }
}

function ofPoll(
  { poll }: Message,
  asked: readonly Asked[],
): string | undefined {
  if (!poll) return;
  const closes = possible(asked, "closePoll");
  if (poll.closedAt === null) {
    if (closes.some(isGranted)) return "was closed and is open again";
  } else if (closes.length === 0) return "is closed and nobody did that";
  const votes = [
    ...Map.groupBy(possible(asked, "vote"), ({ by }) => by).values(),
  ];
  const chosen = ([first]: Possible<"vote">[]) => first!.wish.options;
  // Where somebody chose one thing and another, nobody here knows which came last.
  const isPlain = votes.every((own) =>
    own.some(isGranted) &&
    own.every(({ wish }) => wish.options.join() === chosen(own).join())
  );
  if (!isPlain) return;
  const counts = poll.counts.map((_, option) =>
    votes.filter((own) => chosen(own).includes(option)).length
  );
  if (counts.join() !== poll.counts.join()) {
    return `has the votes ${poll.counts}, and ${counts} were given`;
  }
}
