import type { Adapter } from "./adapter.ts";
import { openSocket } from "./socket.ts";

/** The protocol of `tests/bench/floor.ts`. */
export const floor: Adapter = {
  async connect(host, _person, chatId, listener) {
    const socket = await openSocket(`ws://${host}/?chat=${chatId}`, [], {
      frame(data) {
        const { type, ok, messageId } = JSON.parse(data);
        if (type === "reply") listener.acknowledged(messageId, ok);
        else listener.received(messageId);
      },
      lost: listener.lost,
    });
    return {
      send: (chatId, messageId, text) =>
        socket.send(JSON.stringify({ chatId, messageId, text })),
    };
  },
};
