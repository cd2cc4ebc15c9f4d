import { createTextSealer } from "../../src/crypto/text_sealer.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { createEnvelope, type Envelope } from "../../src/relay/envelope.ts";
import type { Announcement, Relay } from "../../src/relay/relay.ts";

/** An envelope as the service has it. */
export function testEnvelope(keys = newKeyEntry("k1")): Envelope {
  return createEnvelope(createTextSealer(parseKeyList(keys), "relay"));
}

let count = 0;

/** An announcement that nothing else equals, with `text` in its event. */
export function news(text = ""): Announcement {
  const chatId = crypto.randomUUID() as ChatId;
  const rev = ++count;
  return {
    id: `news:${rev}`,
    origin: "test",
    audience: "chat",
    scopeId: chatId,
    rev,
    event: {
      type: "chat.updated",
      chatId,
      rev,
      chat: { title: text } as never,
    },
  };
}

export interface Listener extends AsyncDisposable {
  /** What was heard, in the order in which it came. */
  readonly heard: readonly Announcement[];
  readonly gaps: number;
  /** Resolves once it is so. */
  until(isSo: () => boolean): Promise<void>;
  /** Resolves once all of these have been heard. */
  hears(...announcements: readonly Announcement[]): Promise<void>;
  /** Resolves once it has been told of a gap, since the last time that this was asked. */
  hearsOfGap(): Promise<void>;
}

export async function listen(relay: Relay, shard: number): Promise<Listener> {
  const heard: Announcement[] = [];
  const ids = new Set<string>();
  let gaps = 0;
  let gapsKnown = 0;
  let wakers: (() => void)[] = [];
  const wake = () => {
    const all = wakers;
    wakers = [];
    for (const each of all) each();
  };
  const subscription = await relay.subscribe(shard, (batch) => {
    heard.push(...batch);
    for (const { id } of batch) ids.add(id);
    wake();
  }, () => {
    gaps++;
    wake();
  });

  async function until(isSo: () => boolean) {
    while (!isSo()) await new Promise<void>((resolve) => wakers.push(resolve));
  }
  return {
    heard,
    get gaps() {
      return gaps;
    },
    until,
    hears: (...announcements) =>
      until(() => announcements.every(({ id }) => ids.has(id))),
    async hearsOfGap() {
      await until(() => gaps > gapsKnown);
      gapsKnown = gaps;
    },
    [Symbol.asyncDispose]: () => subscription[Symbol.asyncDispose](),
  };
}
