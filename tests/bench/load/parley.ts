import { type ClientFrame, subprotocol } from "../../../src/protocol/frames.ts";
import type { ChatId, MessageId } from "../../../src/protocol/ids.ts";
import type { Adapter } from "./adapter.ts";
import { openSocket } from "./socket.ts";

/** Parley's frames, with the message's id as the request's. */
export const parley: Adapter = {
  async connect(host, person, _chatId, listener) {
    const socket = await openSocket(
      `ws://${host}/api/v1/ws`,
      [subprotocol],
      {
        open: (socket) =>
          socket.send(
            JSON.stringify({ type: "hello", id: "hello", token: person }),
          ),
        frame(data, _socket, ready) {
          const frame = JSON.parse(data);
          if (frame.type === "message.created") {
            listener.received(frame.message.messageId);
          } else if (frame.type === "reply") {
            if (frame.id !== "hello") listener.acknowledged(frame.id, frame.ok);
            else if (frame.ok) ready();
          }
        },
        lost: listener.lost,
      },
    );
    return {
      send: (chatId, messageId, text) =>
        socket.send(JSON.stringify(
          {
            type: "send",
            id: messageId,
            chatId: chatId as ChatId,
            messageId: messageId as MessageId,
            content: { type: "text", text },
          } satisfies ClientFrame,
        )),
    };
  },
  history: (host, person, chatId, limit) =>
    new Request(
      `http://${host}/api/v1/chats/${chatId}/messages?limit=${limit}`,
      { headers: { authorization: `Bearer ${person}` } },
    ),
};
