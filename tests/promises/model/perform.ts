import type {
  ReplyFrame,
  RevReply,
  SendReply,
} from "../../../src/protocol/frames.ts";
import type {
  ProblemCode,
  ProblemDocument,
} from "../../../src/protocol/problem.ts";
import type { Follower } from "../../support/follower.ts";
import { text } from "../../support/say.ts";
import { contentOf } from "./content.ts";
import type { Operation } from "./operation.ts";

/** How the service answered an operation; `rev` where the answer carries one. */
export type Answered =
  | { readonly refused: ProblemCode }
  | {
    readonly rev?: number;
    readonly seq?: number;
    readonly duplicate?: boolean;
  };

/** Asks the service for it, over the WebSocket where that can. */
export async function perform(
  { line, person }: Follower,
  chatId: string,
  wish: Operation,
): Promise<Answered> {
  const chat = `/chats/${chatId}`;
  const ask = async (frame: { type: string }) =>
    fromReply(await line.ask({ ...frame, chatId }));
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await person.call<object | null>(method, path, body);
    if (answer.status < 300) return answer.body ?? {};
    return { refused: (answer.body as ProblemDocument).code };
  };

  switch (wish.kind) {
    case "send": {
      const { messageId, replyTo } = wish;
      const content = contentOf(wish);
      return await ask({
        type: "send",
        messageId,
        content,
        ...(replyTo === null ? {} : { replyTo }),
      } as { type: string });
    }
    case "edit": {
      const { messageId } = wish;
      const frame = { type: "edit", messageId, content: text(wish.text) };
      return await ask(frame);
    }
    case "delete":
    case "hide": {
      const reach = wish.kind === "hide" ? "me" : "everyone";
      const { messageId } = wish;
      const frame = { type: "delete", messageId, for: reach };
      return await ask(frame);
    }
    case "closePoll":
    case "vote":
    case "react": {
      const { kind: type, ...fields } = wish;
      return await ask({ type, ...fields });
    }
    case "read": {
      const { kind: type, ...fields } = wish;
      return await ask({ type, ...fields });
    }
    case "pin":
      return await call(
        wish.active ? "PUT" : "DELETE",
        `${chat}/messages/${wish.messageId}/pin`,
      );
    case "add":
      return withoutRev(
        await call("POST", `${chat}/members`, { userIds: wish.userIds }),
      );
    case "remove": {
      const whom = wish.userId === person.userId ? "me" : wish.userId;
      return await call("DELETE", `${chat}/members/${whom}`);
    }
    case "ban":
    case "unban":
      return await call(
        wish.kind === "ban" ? "PUT" : "DELETE",
        `${chat}/bans/${wish.userId}`,
      );
    case "setRole":
      return withoutRev(
        await call("PATCH", `${chat}/members/${wish.userId}`, {
          role: wish.role,
        }),
      );
    case "grant":
      return withoutRev(
        await call("PATCH", `${chat}/members/${wish.userId}`, {
          role: "admin",
          rights: wish.rights,
        }),
      );
    case "slow":
      return withoutRev(
        await call("PATCH", chat, {
          slowModeSeconds: wish.active ? 86_400 : 0,
        }),
      );
    case "rename":
      return withoutRev(await call("PATCH", chat, { title: wish.title }));
  }
}

function fromReply(reply: ReplyFrame): Answered {
  if (!reply.ok) return { refused: reply.error.code };
  return reply.data as SendReply | RevReply | Record<string, never>;
}

/** These answer with a whole resource, whose `rev` is not that of the change alone. */
const withoutRev = (answered: Answered): Answered =>
  "refused" in answered ? answered : {};
