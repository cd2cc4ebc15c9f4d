import type { SendReply } from "../../src/protocol/frames.ts";
import type { Line } from "./peer.ts";
import { granted, text } from "./say.ts";

/** One message that has to arrive, and what became of it. */
export interface Order {
  readonly chatId: string;
  readonly messageId: string;
  readonly said: string;
  /** The first acknowledgement. */
  acknowledged?: SendReply;
}

export const order = (chatId: string, said: string): Order => ({
  chatId,
  messageId: crypto.randomUUID(),
  said,
});

export const sendFrame = ({ chatId, messageId, said }: Order) => ({
  type: "send",
  chatId,
  messageId,
  content: text(said),
});

/** Sends all orders at once. Resolves when each has been acknowledged or has failed. */
export async function sendAll(
  line: Line,
  orders: readonly Order[],
  onAcknowledged: () => void = () => {},
): Promise<void> {
  await Promise.allSettled(orders.map(async (order) => {
    order.acknowledged = await granted(line.ask(sendFrame(order)));
    onAcknowledged();
  }));
}
