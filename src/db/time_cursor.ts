import type { z } from "zod";
import { badCursor } from "../protocol/page.ts";
import { Timestamp } from "../protocol/text.ts";

/** A place in a list that is ordered by a time and an id. */
export interface TimePlace<Id> {
  readonly at: string;
  readonly id: Id;
}

/** Postgres knows no year 0000, and nothing here is older than this. */
const Time = Timestamp.refine((time) => time >= "1970");

export const writeTimeCursor = (
  { at, id }: TimePlace<string>,
) => `${at} ${id}`;

/** Rejects what `writeTimeCursor` did not write with `invalid_input`. */
export function readTimeCursor<Id extends z.ZodType>(
  cursor: string,
  Id: Id,
): TimePlace<z.output<Id>> {
  const [first, second, ...rest] = cursor.split(" ");
  const at = Time.safeParse(first);
  const id = Id.safeParse(second);
  if (!at.success || !id.success || rest.length > 0) {
    throw badCursor();
  }
  return { at: at.data, id: id.data };
}
