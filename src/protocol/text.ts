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

const oneEmoji = /^\p{RGI_Emoji}$/v;

/** Exactly one emoji, as Unicode's list of those recommended for general interchange has it. */
export const Emoji = z.string().min(1).max(64).refine(
  (value) => oneEmoji.test(value),
  {
    error: "Must be exactly one emoji",
  },
);

/** A moment: ISO 8601 in UTC with milliseconds. */
export const Timestamp = z.iso.datetime({ precision: 3 });

/** A counter: a whole number from 0 to 2^53 − 1. */
export const Counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
