import { type ClientFrame, subprotocol } from "../../../src/protocol/frames.ts";
import type { ChatId, MessageId } from "../../../src/protocol/ids.ts";
import type { Changes } from "../../../src/protocol/sync.ts";
import type { Adapter } from "./adapter.ts";
import { openSocket } from "./socket.ts";

/** Parley's frames, with the message's id as the request's. Pulls what it is told to be behind in. */
export const parley: Adapter = {
  async connect(host, person, _chatId, listener) {
    const revs = new Map<string, number>();
    const know = (chatId: string, rev: number) =>
      revs.set(chatId, Math.max(rev, revs.get(chatId) ?? 0));
    const say = (frame: ClientFrame) => socket.send(JSON.stringify(frame));
    const pull = (chatId: string) =>
      say({
        type: "changes",
        id: `pull ${chatId}`,
        chatId: chatId as ChatId,
        since: revs.get(chatId) ?? 0,
        limit: 100,
      });
    function pulled(chatId: string, { messages, to, hasMore }: Changes) {
      know(chatId, to);
      for (const { messageId } of messages) listener.received(messageId);
      if (hasMore) pull(chatId);
    }

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
            know(frame.chatId, frame.rev);
            listener.received(frame.message.messageId);
          } else if (frame.type === "chat.behind") pull(frame.chatId);
          else if (frame.type !== "reply") return;
          else if (frame.id === "hello") {
            for (const { chatId, rev } of frame.data?.chats ?? []) {
              know(chatId, rev);
            }
            if (frame.ok) ready();
          } else if (String(frame.id).startsWith("pull ")) {
            if (frame.ok) pulled(frame.id.slice("pull ".length), frame.data);
          } else listener.acknowledged(frame.id, frame.ok);
        },
        lost: listener.lost,
      },
    );
    return {
      send: (chatId, messageId, text) =>
        say({
          type: "send",
          id: messageId,
          chatId: chatId as ChatId,
          messageId: messageId as MessageId,
          content: { type: "text", text },
        }),
    };
  },
  history: (host, person, chatId, limit) =>
    new Request(
      `http://${host}/api/v1/chats/${chatId}/messages?limit=${limit}`,
      { headers: { authorization: `Bearer ${person}` } },
    ),
};
