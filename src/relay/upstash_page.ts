/** An entry of a stream, as XREAD answers it: field and value take turns. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** Entries of one stream in one answer, the one read last among them. */
export const pageSize = 16;

/** Where a stream is read from before anything of it has been read. */
export const start = "0-0";

export interface Page {
  readonly fresh: readonly Entry[];
  /** The entry to go on from. */
  readonly cursor: string;
  /** Entries may have been lost between the last page and this one. */
  readonly isGap: boolean;
  readonly hasMore: boolean;
}

/**
 * What a page read from just before the cursor says. It begins with the entry read last; where that
 * is gone, the stream was trimmed past it, emptied or begun anew.
 */
export function turnPage(cursor: string, entries: readonly Entry[]): Page {
  const isFirst = cursor === start;
  const goesOn = entries[0]?.[0] === cursor;
  if (!isFirst && entries.length === 0) {
    // The ids of a stream begun anew may lie before the cursor.
    return { fresh: [], cursor: start, isGap: true, hasMore: true };
  }
  return {
    fresh: goesOn ? entries.slice(1) : entries,
    cursor: entries.at(-1)?.[0] ?? cursor,
    isGap: !isFirst && !goesOn,
    hasMore: entries.length === pageSize,
  };
}

/** The id that XREAD, which answers what comes after an id, takes to begin with the cursor itself. */
export function justBefore(cursor: string): string {
  if (cursor === start) return start;
  const [ms, count] = cursor.split("-").map(Number);
  return count! > 0
    ? `${ms}-${count! - 1}`
    : `${ms! - 1}-${Number.MAX_SAFE_INTEGER}`;
}
