import { type ChatState, newMessageId } from "../client/mod.ts";
import type { ChatId } from "../protocol/ids.ts";
import type { Message } from "../protocol/messages.ts";
import { newPerson, type Person } from "./person.ts";

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
  const { messageId } = await alone(ada, "I cok", talk);
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

  act("In the end", "Both clients have arrived at the same chat.");
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
}

interface Talk {
  readonly chatId: ChatId;
  readonly signal: AbortSignal;
}

/** Sends, and waits until the other one has it. */
async function say(from: Person, to: Person, text: string, talk: Talk) {
  const came = to.next("message", ({ isLive }) => isLive);
  await alone(from, text, talk);
  const { message } = await came;
  line(to.name, `receives ${quoted(message)}`, "live");
}

async function alone(
  from: Person,
  text: string,
  { chatId, signal }: Talk,
) {
  const reply = await from.client.send(chatId, text, { signal });
  line(from.name, `sends "${text}"`, `stored as message ${reply.seq}`);
  return reply;
}

async function caughtUp(person: Person, chatId: ChatId, rev: number) {
  const isThere = () => stateOf(person, chatId).rev >= rev;
  if (!isThere()) await person.next("change", isThere);
}

const stateOf = ({ client }: Person, chatId: ChatId): ChatState =>
  client.chatState(chatId)!;
const transcript = ({ rev, messages }: ChatState) =>
  JSON.stringify([rev, messages.map((m) => [m.seq, m.rev, textOf(m)])]);
const textOf = ({ content }: Message) =>
  content === null
    ? "(deleted)"
    : content.type === "text"
    ? content.text
    : content.type === "poll"
    ? content.question
    : content.event;
const quoted = (message: Message) => `"${textOf(message)}"`;

function check(isTrue: boolean, otherwise: string) {
  if (!isTrue) throw new Error(otherwise);
}

let acts = 0;
const act = (title: string, why: string) =>
  console.log(`\n${++acts}. ${title}\n   ${why}\n`);
const line = (who: string, what: string, note: string) =>
  console.log(`   ${who.padEnd(5)} ${what.padEnd(44)} ${note}`.trimEnd());
