import { ParleyError } from "../client/mod.ts";
import type { Person } from "./person.ts";
import { act, alone, check, line, say, stateOf, textOf } from "./telling.ts";

/** A group, and a channel: the same chats for more people. */
export async function tellOfCompany(
  [ada, bea, cleo]: readonly [Person, Person, Person],
  signal: AbortSignal,
): Promise<void> {
  act(
    "They make it a group, and Cleo comes along",
    "A group has an owner, admins and members, and tells by itself what happens to it.",
  );
  const { chatId } = await ada.client.chats.create({
    kind: "group",
    title: "Dinner",
    memberIds: [bea.userId],
  }, { signal });
  line("Ada", `makes the group "Dinner" with Bea`, "Ada is its owner");
  const talk = { chatId, signal };
  const invited = cleo.next(
    "chat.created",
    (event) => event.chatId === chatId,
  );
  await ada.client.chats.setRole(chatId, bea.userId, "admin", { signal });
  line("Ada", "makes Bea an admin", "so Bea may add people");
  await bea.client.chats.addMembers(chatId, [cleo.userId], { signal });
  await invited;
  line("Bea", "adds Cleo", "Cleo's client has heard of it");
  await cleo.client.open(chatId, { signal });
  await say(cleo, ada, "Shall I bring dessert?", talk);
  await refused(
    cleo.client.chats.setRole(chatId, cleo.userId, "admin", { signal }),
    "Cleo",
    "would like to be an admin too",
  );
  const told = stateOf(cleo, chatId).messages
    .filter(({ content }) => content?.type === "system");
  for (const message of told) {
    line("", `${message.seq}  the group tells: ${textOf(message)}`, "");
  }

  act(
    "Ada has news for everybody",
    "A channel: those who run it post, anyone may subscribe, and a post is one row however many read it.",
  );
  const handle = `dinners_${Date.now().toString(36)}`;
  await ada.client.chats.create({
    kind: "channel",
    title: "Ada's dinners",
    handle,
    visibility: "public",
  }, { signal });
  line("Ada", `opens the channel @${handle}`, "public");
  const { items } = await cleo.client.channels.find({ query: handle, signal });
  const found = items.find((each) => each.handle === handle);
  check(found !== undefined, "The channel is not in the directory");
  const news = { chatId: found!.chatId, signal };
  await cleo.client.channels.join(news.chatId, { signal });
  await cleo.client.open(news.chatId, { signal });
  line("Cleo", "finds it in the directory and subscribes", "");
  await say(ada, cleo, "Tomorrow: soup", news);
  await refused(
    alone(cleo, "What kind?", news),
    "Cleo",
    "would like to post there too",
  );
  await cleo.client.read(news.chatId, 1, { signal });
  const { memberCount } = await ada.client.channels.get(handle, { signal });
  line("Ada", `has ${memberCount - 1} subscriber`, "and needs no row for each");
}

/** What has to be refused, and is. */
async function refused(
  wish: Promise<unknown>,
  name: string,
  what: string,
): Promise<void> {
  const code = await wish.then(
    () => undefined,
    (error) =>
      error instanceof ParleyError ? error.code : Promise.reject(error),
  );
  check(code === "forbidden", `${name} ${what}: that should be refused`);
  line(name, what, "refused: forbidden");
}
