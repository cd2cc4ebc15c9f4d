import { z } from "zod";

const storable = (text: string) => text.isWellFormed() && !text.includes("\0");

/**
 * Text from a person: well-formed Unicode without U+0000, otherwise kept as sent.
 * Lengths are in UTF-16 units.
 */
export const text = (min: number, max: number) =>
  z.string().min(min).max(max).refine(storable, {
    error: "Must be well-formed Unicode without U+0000",
  });

/** Made at first use: the list of all emoji takes 35 ms to compile, which a start must not wait for. */
let oneEmoji: RegExp | undefined;

/** Exactly one emoji, as Unicode's list of those recommended for general interchange has it. */
export const Emoji = z.string().min(1).max(64).refine(
  (value) => (oneEmoji ??= /^\p{RGI_Emoji}$/v).test(value),
  {
    error: "Must be exactly one emoji",
  },
).meta({
  id: "Emoji",
  description:
    "Exactly one emoji of those that Unicode recommends for general interchange (RGI)",
  examples: ["👍"],
});

/** A moment: ISO 8601 in UTC with milliseconds. */
export const Timestamp = z.iso.datetime({ precision: 3 }).meta({
  id: "Timestamp",
  description: "A moment: ISO 8601 in UTC with milliseconds",
  examples: ["2025-11-05T09:41:00.000Z"],
});

/** A counter: a whole number from 0 to 2^53 − 1. */
export const Counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER).meta({
  id: "Counter",
  description: "A whole number from 0 to 2^53 − 1",
  examples: [42],
});

/** A message's place in its chat. */
export const Seq = Counter.meta({
  id: "Seq",
  description: "A message's place in its chat: 1, 2, 3, … without a gap",
});

/** How far a chat has changed. */
export const Rev = Counter.meta({
  id: "Rev",
  description: "Numbers the changes of a chat: 1, 2, 3, … without a gap",
});

/** How far what belongs to one account alone has changed. */
export const AccountRev = Counter.meta({
  id: "AccountRev",
  description: "Numbers the changes of an account: 1, 2, 3, … without a gap",
});
