import { activeMembership, forbidden, readAsMember } from "../chats/mod.ts";
import { type ChatId, type MessageId, UserId } from "../protocol/ids.ts";
import { badCursor, type List, paged } from "../protocol/page.ts";
import type { Vote, VotesQuery } from "../protocol/polls.ts";
import { Problem } from "../protocol/problem.ts";
import type { Reader } from "./history.ts";
import { optionsOf, votesOf } from "./poll_store.ts";
import { oneMessage } from "./reading_store.ts";

/** Who chose what in an open poll. In a channel, whose people are not shown, for those who run it. */
export async function listVotes(
  { db, open }: Reader,
  chatId: ChatId,
  by: UserId,
  messageId: MessageId,
  { option, cursor, limit }: VotesQuery,
): Promise<List<Vote>> {
  const after = cursor === undefined ? null : UserId.safeParse(cursor).data;
  if (after === undefined) {
    throw badCursor();
  }
  const [targets, rows, [member]] = await readAsMember(
    db,
    { chatId, by },
    oneMessage(chatId, by, messageId),
    votesOf(chatId, messageId, option, after, limit + 1),
    activeMembership(chatId, by),
  );
  const [message] = await open(targets);
  if (!message) throw new Problem("not_found");
  const { content } = message;
  if (content?.type !== "poll") {
    throw new Problem("conflict", { detail: "The message is no poll" });
  }
  if (content.anonymous) {
    throw forbidden("Nobody learns who voted in an anonymous poll");
  }
  if (member?.role === "subscriber") {
    throw forbidden("Only those who run the channel see who has voted");
  }
  return paged(
    rows.map(({ userId, choices, votedAt }) => ({
      userId,
      options: optionsOf(choices),
      votedAt: votedAt.toISOString(),
    })),
    limit,
    ({ userId }) => userId,
  );
}
