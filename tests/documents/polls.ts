import type { Ask } from "./contacts.ts";

export const poll = {
  type: "poll",
  question: "When?",
  options: ["Today", "Tomorrow"],
  anonymous: false,
  multiple: false,
};

/** Brings about every answer there is about polls in a chat that ada and grace are in, and joan is not. */
export async function askAboutPolls(
  { ada, grace, joan, chatId, said }: {
    readonly ada: Ask;
    readonly grace: Ask;
    readonly joan: Ask;
    readonly chatId: string;
    /** A message that is no poll. */
    readonly said: string;
  },
): Promise<void> {
  const messages = `/chats/${chatId}/messages`;
  const make = async (more: object = {}) => {
    const content = { ...poll, ...more };
    const made = await ada<{ messageId: string }>("POST", messages, {
      content,
    });
    return `${messages}/${made.messageId}`;
  };
  const open = await make();
  for (const ask of [grace, joan]) {
    await ask("PUT", `${open}/vote`, { options: [1] });
    await ask("GET", `${open}/votes?option=1`);
    await ask("DELETE", `${open}/vote`);
    await ask("POST", `${open}/close`);
  }
  await grace("GET", `${await make({ anonymous: true })}/votes`);
  await ada("POST", `${open}/close`);
  for (const other of [open, `${messages}/${said}`]) {
    await ada("PUT", `${other}/vote`, { options: [1] });
    await ada("DELETE", `${other}/vote`);
    await ada("POST", `${other}/close`);
    await ada("GET", `${other}/votes`);
  }
}
