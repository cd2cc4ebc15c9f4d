import { LRUCache } from "lru-cache";
import { createBatcher } from "../lib/batcher.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";

/** From so many rows on a person is read for alone: the others would wait for that one's. */
const largeAbove = 500;

/** People who are known to be large. */
const largeKept = 10_000;

/**
 * Reads for many people at once, those whose wishes came while the read before was under way: a
 * restart brings everybody back in the same second. Each read begins after the wishes that it
 * answers came. `read` answers each wish in order; `rowsIn` tells how many rows an answer took.
 */
export function createGather<Wish extends { readonly userId: UserId }, Answer>(
  read: (wishes: readonly Wish[]) => Promise<Answer[]>,
  rowsIn: (answer: Answer) => number,
): (wish: Wish) => Promise<Answer> {
  const large = new LRUCache<UserId, true>({
    maxSize: largeKept,
    sizeCalculation: () => 1,
  });
  const together = createBatcher<Wish, Answer>(read, {
    batchSize: 200,
    waiting: 20_000,
    refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
  });
  const alone = async (wish: Wish) => (await read([wish]))[0]!;

  return async (wish) => {
    const { userId } = wish;
    const answer = await (large.has(userId) ? alone(wish) : together(wish));
    if (rowsIn(answer) > largeAbove) large.set(userId, true);
    else large.delete(userId);
    return answer;
  };
}

/** The rows of each of so many wishes, by the number of their wish, counted from 1. */
export function rowsOfWishes<Row extends { readonly nth: number }>(
  rows: readonly Row[],
  wishes: number,
): Row[][] {
  const answers = Array.from({ length: wishes }, (): Row[] => []);
  for (const row of rows) answers[row.nth - 1]!.push(row);
  return answers;
}
