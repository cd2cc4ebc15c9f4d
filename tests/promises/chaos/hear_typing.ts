import { Broken } from "./broken.ts";
import type { ChaosChat } from "./chat.ts";
import type { Client } from "./client.ts";
import type { Driver } from "./driver.ts";
import { pause } from "./pause.ts";
import type { World } from "./world.ts";

/** How long a relay may take to find its way back, in milliseconds. */
const limitMs = 30_000;
const againMs = 300;

/**
 * Fails unless in every chat somebody's typing reaches the other members again, at every process that
 * the driver reaches. Typing takes no rev, so nothing but the relay brings it: a subscription that did
 * not survive its faults stays deaf to it, whatever the sweep makes up for. Resolves with how long it
 * took until the last one heard it, in milliseconds.
 */
export async function hearTyping(
  world: World,
  reach: Driver["reach"],
): Promise<number> {
  if (reach === "nothing") return 0;
  const since = performance.now();
  await Promise.all(world.chats.map((chat) => heardByAll(world, chat, reach)));
  return performance.now() - since;
}

async function heardByAll(
  world: World,
  { chatId, name, cast }: ChaosChat,
  reach: Driver["reach"],
): Promise<void> {
  const typist = world.clientsOf(cast[0]!.userId)[0]!;
  const { userId } = typist.account;
  const heard = new Set<Client>();
  const giveUpAt = performance.now() + limitMs;
  using _ear = world.listen((client, event) => {
    const isIt = event.type === "typing" && event.chatId === chatId &&
      event.userId === userId;
    if (isIt) heard.add(client);
  });
  const shouldHear = () =>
    world.clients.filter(({ follower, line, at }) =>
      line && follower.chats.has(chatId) &&
      (reach === "processes" || at === typist.at)
    );
  for (;;) {
    await typist.live();
    await typist.follower.line.ask({ type: "typing", chatId, active: true })
      .catch(() => {});
    await pause(againMs);
    const deaf = shouldHear().filter((client) => !heard.has(client));
    if (deaf.length === 0) return;
    if (performance.now() > giveUpAt) {
      const who = deaf.map(({ name, at }) => `${name} at process ${at}`);
      throw new Broken(
        `${name} (${chatId}): ${
          who.join(", ")
        } did not hear ${typist.name} at process ${typist.at} type, with all faults healed for ${
          limitMs / 1000
        } s`,
      );
    }
  }
}
