import type { SweepSource } from "../changes/mod.ts";
import { receiptsChangedFrom } from "../messages/mod.ts";
import type { Hub } from "./hub.ts";
import type { SweptReceipt } from "./tell_receipts.ts";

/** The cursors that the sweep looks for, as long as anybody listens. */
export const sweptReceipts = (hub: Hub): SweepSource<SweptReceipt> => ({
  statement: (from) => hub.scopes === 0 ? null : receiptsChangedFrom(from),
  on: hub.onReceipts,
});
