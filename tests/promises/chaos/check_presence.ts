import type { Presence } from "../../../src/protocol/accounts.ts";
import { Broken } from "./broken.ts";
import type { ChaosChat } from "./chat.ts";
import type { Account } from "./client.ts";
import { pause } from "./pause.ts";
import type { World } from "./world.ts";

/** A lease that has to run out, a grace time and a sweep, on a busy machine, in milliseconds. */
const limitMs = 60_000;

/**
 * Fails unless the two people of each direct chat are online to each other: to every client, by what
 * it was told, and as read through another process. Answers with how many people that were.
 */
export async function checkOnline(
  world: World,
  pairs: readonly ChaosChat[],
): Promise<number> {
  await Promise.all(pairs.map(async ({ cast: [a, b] }) => {
    await looks(world, a!, b!, true);
    await looks(world, b!, a!, true);
  }));
  return 2 * pairs.length;
}

/** Fails unless people whose clients all go away are offline to others, who then see them come back. */
export async function checkAbsence(
  world: World,
  pairs: readonly ChaosChat[],
): Promise<void> {
  await Promise.all(pairs.map(async ({ cast: [a, b] }) => {
    const clients = world.clientsOf(b!.userId);
    await Promise.all(clients.map((client) => client.stop()));
    await looks(world, a!, b!, false);
    for (const client of clients) client.start();
    await Promise.all(clients.map((client) => client.live()));
    await looks(world, a!, b!, true);
  }));
}

/** Resolves once a person looks so to another one, wherever that one asks. */
async function looks(
  world: World,
  to: Account,
  whom: Account,
  online: boolean,
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  for (const client of world.clientsOf(to.userId)) {
    for (;;) {
      const { body } = await client.elsewhere().call<Presence>(
        "GET",
        `/users/${whom.userId}/last-seen`,
      );
      const told = client.sees(whom.userId);
      if (told === online && body.online === online) break;
      if (performance.now() > giveUpAt) {
        throw new Broken(
          `${whom.username} should be ${
            online ? "online" : "offline"
          }: to ${client.name} at process ${client.at} it is ${told}, freshly read ${
            JSON.stringify(body)
          }`,
        );
      }
      await pause(100);
    }
  }
}
