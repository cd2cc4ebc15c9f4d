import { type ChatState, newMessageId } from "../client/mod.ts";
import type { Message } from "../protocol/messages.ts";
import { tellOfCompany } from "./company.ts";
import { newPerson } from "./person.ts";
import {
  act,
  alone,
  caughtUp,
  check,
  line,
  quoted,
  say,
  stateOf,
  textOf,
} from "./telling.ts";

/** Tells the whole story on the service at `url`. Rejects where the service does not keep its promises. */
export async function tellStory(
  url: string,
  signal: AbortSignal,
): Promise<void> {
  console.log(`\nParley at ${url}`);

  act(
    "Two people make an account and connect",
    "Each has a client of src/client, signed in and on a WebSocket.",
  );
  await using ada = await newPerson("Ada", url, signal);
  await using bea = await newPerson("Bea", url, signal);
  for (const { name, username } of [ada, bea]) {
    line(name, `registered as ${username}`, "connected, says the welcome");
  }
  const opened = bea.next("chat.created");
  const { chatId } = await ada.client.chats.create({
    kind: "direct",
    memberIds: [bea.userId],
  }, { signal });
  await opened;
  line("Ada", "opens a chat with Bea", "Bea's client has heard of it");

  act(
    "They talk live",
    "A sender hears back once the message is in Postgres; the others get it at once.",
  );
  const talk = { chatId, signal };
  await say(ada, bea, "Hello Bea", talk);
  await say(bea, ada, "Hello Ada. I am on the train", talk);
  await bea.client.open(chatId, { signal });
  const before = stateOf(bea, chatId);

  act(
    "Bea's train enters a tunnel, and Ada goes on",
    "A chat does not wait for those who are away. What they write waits for them.",
  );
  const lost = bea.next("connection", (state) => state === "offline");
  bea.network.cut();
  await lost;
  line("Bea", "has no network", "her client keeps trying");
  await alone(ada, "Dinner at seven?", talk);
  const { messageId } = await ada.client.send(chatId, "I cok", { signal });
  line("Ada", `sends "I cok"`, "a slip of the finger");
  const content = { type: "text", text: "I cook" } as const;
  const edited = await ada.client.messages.edit(chatId, messageId, content, {
    signal,
  });
  line("Ada", `corrects it to ${quoted(edited)}`, `message ${edited.seq}`);
  const [, hers] = before.messages;
  await ada.client.messages.react(chatId, hers!.messageId, "👍", { signal });
  line("Ada", `reacts 👍 to ${quoted(hers!)}`, `message ${hers!.seq}`);
  const unsent = bea.client.send(chatId, "Can you hear me?", { signal });
  unsent.catch(() => {});
  line("Bea", `writes "Can you hear me?"`, "waits in her outbox");

  act(
    "The train leaves the tunnel",
    "A chat numbers its changes: the rev. Bea's client says which it knows, and gets the rest.",
  );
  const back = bea.next("connection", (state) => state === "live");
  const missed: Message[] = [];
  bea.client.on("message", ({ message, isLive }) => {
    if (!isLive) missed.push(message);
  });
  bea.network.heal();
  await back;
  const sent = await unsent;
  await caughtUp(bea, chatId, sent.rev);
  const after = stateOf(bea, chatId);
  line(
    "Bea",
    `knew the chat up to rev ${before.rev}`,
    `her client asks what changed since`,
  );
  for (const message of missed) {
    const note = message.editedAt ? "new, and edited already" : "new";
    line("Bea", `gets ${quoted(message)}`, `message ${message.seq}: ${note}`);
  }
  const [, reacted] = after.messages;
  const emoji = reacted?.reactions.map((reaction) => reaction.emoji).join("");
  line("Bea", `sees ${emoji} at ${quoted(reacted!)}`, "changed, not new");
  line("Bea", `"Can you hear me?" goes out`, `stored as message ${sent.seq}`);

  act(
    "A message sent twice is stored once",
    "The sender names it, and under the same name it is the same message.",
  );
  const twice = { signal, messageId: newMessageId(Date.now()) };
  const first = await ada.client.send(chatId, "Loud and clear", twice);
  line("Ada", `"Loud and clear"`, `stored as message ${first.seq}`);
  const again = await ada.client.send(chatId, "Loud and clear", twice);
  line(
    "Ada",
    "sends it again, as if no answer had come",
    `still message ${again.seq}: ${again.duplicate ? "a duplicate" : "new?!"}`,
  );
  check(again.duplicate && again.seq === first.seq, "It was stored twice");

  act(
    "Both clients have arrived at the same chat",
    "The same rows, in the same order.",
  );
  await ada.client.open(chatId, { signal });
  await caughtUp(bea, chatId, first.rev);
  const [one, other] = [ada, bea].map((person) => stateOf(person, chatId));
  check(transcript(one!) === transcript(other!), "They know different things");
  const count = one!.messages.length;
  line("Both", `have the same ${count} messages`, `rev ${one!.rev}, no gap`);
  for (const message of one!.messages) {
    const name = message.senderId === ada.userId ? ada.name : bea.name;
    line("", `${message.seq}  ${name}: ${textOf(message)}`, "");
  }

  await using cleo = await newPerson("Cleo", url, signal);
  await tellOfCompany([ada, bea, cleo], signal);
  console.log();
}

const transcript = ({ rev, messages }: ChatState) =>
  JSON.stringify([rev, messages.map((m) => [m.seq, m.rev, textOf(m)])]);
