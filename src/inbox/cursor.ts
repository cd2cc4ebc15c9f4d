import { z } from "zod";
import { Problem } from "../protocol/problem.ts";
import { Counter } from "../protocol/text.ts";

/** Where a device has synced to: a history, the oldest transaction it may not have seen, its account's counter. */
export interface SyncCursor {
  readonly epoch: string;
  readonly oldest: string;
  readonly accountRev: number;
}

/** Within a transaction id's 64 bits; Postgres reads a leading zero as the mark of an octal number. */
const wholeNumber = z.string().regex(/^(0|[1-9]\d{0,18})$/);

const Parts = z.tuple([
  z.literal("1"),
  z.string().regex(/^[0-9a-f]{32}$/),
  wholeNumber,
  wholeNumber.transform(Number).pipe(Counter),
]);

/** Opaque to clients; the leading digit is the version of its form. */
export const writeCursor = ({ epoch, oldest, accountRev }: SyncCursor) =>
  ["1", epoch, oldest, accountRev].join(".");

/** Rejects what no server wrote with `invalid_input`. */
export function readCursor(text: string): SyncCursor {
  const parts = Parts.safeParse(text.split("."));
  if (!parts.success) {
    throw new Problem("invalid_input", {
      errors: [{
        path: "cursor",
        message: "Must be a cursor that the service gave",
      }],
    });
  }
  const [, epoch, oldest, accountRev] = parts.data;
  return { epoch, oldest, accountRev };
}
