import { z } from "zod";
import { Problem } from "../protocol/problem.ts";
import { Counter } from "../protocol/text.ts";

/** Where a device has synced to: a history, the oldest transaction it may not have seen, its account's counter. */
export interface SyncCursor {
  readonly epoch: string;
  readonly oldest: string;
  readonly accountRev: number;
}

const Parts = z.tuple([
  z.literal("1"),
  z.string().regex(/^[0-9a-f]{32}$/),
  z.string().regex(/^\d{1,19}$/),
  z.coerce.number().pipe(Counter),
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
