import type { UserId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";
import type { FakeService } from "./fake_service.ts";
import type { ModelChat } from "./model_chat.ts";

/** Lets the fake service answer what is asked about chats, as its user sees them. */
export function serveChats(
  service: FakeService,
  chats: readonly ModelChat[],
  { pageItems = 100 } = {},
): void {
  const viewer: UserId = service.me;
  const find = (chatId: string) => {
    const chat = chats.find((chat) => chat.chatId === chatId);
    if (!chat?.present.includes(viewer)) throw new Problem("not_found");
    return chat;
  };
  const { routes } = service;

  routes.set(
    "GET /chats/:chatId",
    ({ params }) => find(params.chatId!).item(viewer),
  );
  routes.set("GET /chats/:chatId/members", ({ params }) => {
    const chat = find(params.chatId!);
    const items = chat.present.map((userId) => chat.members.get(userId)!);
    return { items, nextCursor: null };
  });
  routes.set("GET /chats/:chatId/messages", ({ params, query }) => {
    const before = Number(query.get("before") ?? Number.MAX_SAFE_INTEGER);
    const limit = Number(query.get("limit") ?? 50);
    return find(params.chatId!).history(viewer, before, limit);
  });
  routes.set("GET /chats/:chatId/changes", ({ params, query }) => {
    const since = Number(query.get("since"));
    return find(params.chatId!).changes(since, pageItems, viewer);
  });

  const { answer } = service;
  service.answer = (frame, connection) => {
    if (frame.type !== "changes") return answer(frame, connection);
    const chat = chats.find(({ chatId }) => chatId === frame.chatId);
    if (!chat?.present.includes(viewer)) {
      return connection.refuse(frame, "not_found");
    }
    connection.reply(frame, chat.changes(frame.since, pageItems, viewer));
  };
}
