import { z } from "zod";
import { limits } from "./limits.ts";
import { Problem } from "./problem.ts";

/** `?limit=` and `?cursor=` of every list. */
export const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(limits.pageItems).default(50),
  cursor: z.string().min(1).max(512).optional().meta({
    description: "The `nextCursor` of the page before",
  }),
});
export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A page of a list; `nextCursor` is null on the last one. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({
      description: "Asks for the next page; null on the last one",
    }),
  });

export interface List<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** Makes a page of `limit` items out of one more, which only shows that the list goes on. */
export function paged<Item>(
  items: Item[],
  limit: number,
  cursorOf: (last: Item) => string,
): List<Item> {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page,
    nextCursor: items.length > limit && last ? cursorOf(last) : null,
  };
}

/** Refuses a cursor that no page of this list ended with. */
export const badCursor = () =>
  new Problem("invalid_input", {
    errors: [{
      path: "cursor",
      message: "Must be a cursor that this list gave",
    }],
  });
