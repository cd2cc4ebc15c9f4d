import assert from "node:assert/strict";
import { freshRead } from "../../support/fresh_read.ts";
import { directChat, groupOf } from "../../support/peer.ts";
import type { ChaosChat } from "./chat.ts";
import type { Account } from "./client.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

const groups = 6;
/** People in a group, those outside at first included. */
const castSize = [12, 20] as const;
const outside = 2;
const admins = 2;

/** Makes groups in which people overlap. Nothing may be wrong meanwhile. */
export function makeGroups(
  world: World,
  random: Random,
): Promise<readonly ChaosChat[]> {
  const casts = Array.from(
    { length: groups },
    () =>
      random.shuffled(world.people).slice(
        0,
        Math.floor(random.between(...castSize)),
      ),
  );
  return Promise.all(casts.map(async (cast, i) => {
    const [owner, ...others] = cast;
    const person = personOf(world, owner!);
    const chatId = await groupOf(person, ...others.slice(outside));
    for (const { userId } of others.slice(-admins)) {
      const path = `/chats/${chatId}/members/${userId}`;
      const body = { role: "admin" };
      const { status } = await person.call("PATCH", path, body);
      assert.equal(status, 200);
    }
    return await begun(world, chatId, `group ${i}`, cast);
  }));
}

/** Makes a direct chat for everybody, and lets the two watch each other. Nothing may be wrong meanwhile. */
export function makePairs(
  world: World,
  random: Random,
): Promise<readonly ChaosChat[]> {
  const people = random.shuffled(world.people);
  return Promise.all(
    Array.from({ length: people.length / 2 }, async (_, i) => {
      const cast = people.slice(2 * i, 2 * i + 2);
      const [a, b] = cast as [Account, Account];
      const chatId = await directChat(personOf(world, a), b);
      for (const client of world.clientsOf(a.userId)) client.watch([b.userId]);
      for (const client of world.clientsOf(b.userId)) client.watch([a.userId]);
      return await begun(world, chatId, `pair ${i}`, cast);
    }),
  );
}

/** Ends a group for everybody, as its present owner. */
export async function endGroup(world: World, chat: ChaosChat): Promise<void> {
  const { chatId, cast } = chat;
  const { members } = await freshRead(personOf(world, cast[0]!), chatId);
  const owner = [...members.values()].find(({ role, leftAt }) =>
    role === "owner" && leftAt === null
  );
  const person = personOf(world, owner!);
  const { status } = await person.call("DELETE", `/chats/${chatId}`);
  assert.equal(status, 204);
  world.ledger.forget(chatId);
  world.witness.forget(chatId);
}

const personOf = (world: World, { userId }: Pick<Account, "userId">) =>
  world.clientsOf(userId)[0]!.here();

async function begun(
  world: World,
  chatId: string,
  name: string,
  cast: readonly Account[],
): Promise<ChaosChat> {
  const { rev } = await freshRead(personOf(world, cast[0]!), chatId);
  return { chatId, name, cast, messageIds: [], startRev: rev };
}
