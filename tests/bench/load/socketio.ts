import type { Adapter } from "./adapter.ts";
import { openSocket } from "./socket.ts";

/**
 * Engine.IO 4 and Socket.IO 5 over a bare WebSocket: the official client does more work for each
 * packet, which would slow the server beside it.
 */
export const socketio: Adapter = {
  async connect(host, _person, chatId, listener) {
    const socket = await openSocket(
      `ws://${host}/socket.io/?EIO=4&transport=websocket&chat=${chatId}`,
      [],
      {
        open() {},
        frame(data, socket, ready) {
          if (data.startsWith("42")) {
            listener.received(JSON.parse(data.slice(2))[1].messageId);
          } else if (data.startsWith("43")) {
            const [reply] = JSON.parse(data.slice(data.indexOf("[")));
            listener.acknowledged(reply.messageId, reply.ok);
          } else if (data === "2") socket.send("3"); // ping, pong
          else if (data.startsWith("0")) socket.send("40"); // opened: join the namespace
          else if (data.startsWith("40")) ready();
        },
        lost: listener.lost,
      },
    );
    let packet = 0;
    return {
      send: (chatId, messageId, text) =>
        socket.send(
          `42${packet++}${
            JSON.stringify(["send", { chatId, messageId, text }])
          }`,
        ),
    };
  },
  history: (host, _person, chatId, limit) =>
    new Request(`http://${host}/chats/${chatId}/messages?limit=${limit}`),
};
