import assert from "node:assert/strict";
import { freshRead } from "../../support/fresh_read.ts";
import type { ChatItem } from "../../../src/protocol/sync.ts";
import type { List } from "../../../src/protocol/page.ts";
import type { Person } from "../../support/peer.ts";
import { Broken } from "./broken.ts";
import { type ChatCounts, checkChat } from "./check_chat.ts";
import type { Client } from "./client.ts";
import { difference } from "./difference.ts";
import { pause } from "./pause.ts";
import type { World } from "./world.ts";

/** What was checked. */
export interface Checked {
  clients: number;
  /** Pictures of chats that were compared with a fresh read through another process. */
  pictures: number;
  /** People who were online to others, as they should be. */
  online: number;
  /** The longest that the relay took to find its way back, in milliseconds. */
  relayBackMs: number;
  /** What each chat was found to hold when it was looked at last. */
  readonly chats: Map<string, ChatCounts>;
}

export const nothingChecked = (): Checked => ({
  clients: 0,
  pictures: 0,
  online: 0,
  relayBackMs: 0,
  chats: new Map(),
});

/** How long a client may take to hold the chats that its person is in, in milliseconds. */
const convergeMs = 20_000;
/** Clients that are checked at once. */
const atOnce = 6;

/**
 * Fails unless every client holds what its person would read anew through another process, and each
 * chat what was acknowledged. Nothing may be wrong any more, and nobody acts.
 */
export async function check(world: World, checked: Checked): Promise<void> {
  for (const chat of world.chats) {
    const [client] = world.clientsOf(chat.cast[0]!.userId);
    await client!.live();
    const { chatId } = chat;
    const person = client!.elsewhere();
    const fresh = await freshRead(person, chatId);
    const { body } = await person.call<ChatItem>("GET", `/chats/${chatId}`);
    checked.chats.set(chatId, checkChat(world, chat, fresh, body));
  }
  const left = [...world.clients];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let client; (client = left.shift());) {
      const pictures = await checkClient(world, client);
      checked.pictures += pictures;
      checked.clients++;
    }
  }));
}

/** Compares all that a client holds; answers with how many chats these are. */
async function checkClient(world: World, client: Client): Promise<number> {
  const giveUpAt = performance.now() + convergeMs;
  for (;;) {
    await client.live();
    const { line } = client;
    try {
      await holdsItsChats(world, client, giveUpAt);
      for (const chatId of client.follower.chats.keys()) {
        await isAsFresh(world, client, chatId, giveUpAt);
      }
      return client.follower.chats.size;
    } catch (error) {
      // Its connection was lost, on a busy machine: it takes another, and the same has to hold.
      const isItsOwn = error instanceof Broken && client.line === line;
      if (isItsOwn || performance.now() > giveUpAt) throw error;
      await pause(100);
    }
  }
}

async function holdsItsChats(
  world: World,
  client: Client,
  giveUpAt: number,
): Promise<void> {
  const inThem = new Set(await chatIdsOf(client.elsewhere()));
  for (;;) {
    const holds = new Set(client.follower.chats.keys());
    const missing = inThem.difference(holds);
    const tooMany = holds.difference(inThem);
    if (missing.size + tooMany.size === 0) return;
    if (performance.now() > giveUpAt) {
      const nameOf = (chatId: string) =>
        world.chats.find((chat) => chat.chatId === chatId)?.name ?? chatId;
      throw new Broken(
        `${at(client)} lacks [${[...missing].map(nameOf)}] and holds [${
          [...tooMany].map(nameOf)
        }], which it is not in`,
      );
    }
    await pause(50);
  }
}

async function isAsFresh(
  world: World,
  client: Client,
  chatId: string,
  giveUpAt: number,
): Promise<void> {
  const { follower } = client;
  for (;;) {
    const fresh = await freshRead(client.elsewhere(), chatId);
    await follower.caughtUp(chatId, fresh.rev);
    const found = difference(await follower.confirm(chatId), fresh);
    if (!found) return;
    // What the person hid or chose on another device has no rev of the chat to wait for.
    if (performance.now() < giveUpAt) await pause(200);
    else {
      const name = world.chats.find((chat) => chat.chatId === chatId)?.name;
      throw new Broken(`${at(client)} in ${name} (${chatId}): ${found}`);
    }
  }
}

const at = ({ name, at }: Client) => `${name} at process ${at}`;

async function chatIdsOf(person: Person): Promise<string[]> {
  const chatIds: string[] = [];
  for (let cursor = ""; cursor !== undefined;) {
    const path = `/chats?limit=100${cursor && `&cursor=${cursor}`}`;
    const { status, body } = await person.call<List<ChatItem>>("GET", path);
    assert.equal(status, 200, `${person.username}: ${JSON.stringify(body)}`);
    chatIds.push(...body.items.map(({ chatId }) => chatId));
    if (body.nextCursor === null) return chatIds;
    cursor = encodeURIComponent(body.nextCursor);
  }
  return chatIds;
}
