import { poll } from "./polls.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";

/** One who asks, every answer judged. */
export type Ask = <Body>(
  method: string,
  path: string,
  body?: unknown,
) => Promise<Body>;

interface Acquainted {
  readonly ada: Ask;
  readonly grace: Ask;
  readonly joan: Ask;
  readonly adaId: string;
  readonly graceId: string;
  readonly nobody: string;
}

/** Brings about every answer there is about contacts, and those of blocked people. */
export async function askAboutContacts(
  { ada, grace, joan, adaId, graceId, nobody }: Acquainted,
): Promise<void> {
  const requests = "/contacts/requests";
  await ada("POST", requests, { userId: graceId });
  await ada("POST", requests, { userId: graceId });
  await ada("POST", requests, { userId: nobody });
  await grace("GET", "/contacts?state=incoming&limit=1");
  await grace("POST", `${requests}/viewed`);
  await grace("POST", `${requests}/${adaId}/accept`);
  await grace("POST", `${requests}/${nobody}/accept`);
  await ada("DELETE", `${requests}/${graceId}`);
  await ada("DELETE", `/contacts/${graceId}`);
  await ada("DELETE", `${requests}/${graceId}`);

  const direct = { kind: "direct", memberIds: [graceId] };
  const { chatId } = await ada<ChatItem>("POST", "/chats", direct);
  const messages = `/chats/${chatId}/messages`;
  const content = { type: "text", text: "Hello" };
  const { messageId } = await ada<{ messageId: string }>("POST", messages, {
    content,
  });
  const ballot = await ada<{ messageId: string }>("POST", messages, {
    content: poll,
  });
  await ada("PUT", `/contacts/${graceId}/block`);
  await ada("PUT", `/contacts/${nobody}/block`);
  await grace("POST", requests, { userId: adaId });
  await grace("POST", messages, { content });
  const message = `${messages}/${messageId}`;
  await ada("PATCH", message, { content });
  await grace("PUT", `${message}/reactions/${encodeURIComponent("👍")}`);
  await grace("PUT", `${message}/pin`);
  await grace("PUT", `${messages}/${ballot.messageId}/vote`, { options: [0] });
  await ada("DELETE", `/contacts/${graceId}/block`);
  await joan("PUT", `/contacts/${graceId}/block`);
  await joan("POST", "/chats", direct);
  await joan("DELETE", `/contacts/${graceId}/block`);
  await grace("PATCH", "/me", { privacy: { writeFirst: { who: "nobody" } } });
  await joan("POST", "/chats", direct);
  await grace("PATCH", "/me", { privacy: { writeFirst: { who: "everyone" } } });
}
