import type { ChatId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { accepted } from "../support/answers.ts";
import {
  directChat,
  groupOf,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";

/** Ids as the cases name them: seen from whoever makes the request. `vault` is what belongs to the victims alone. */
export const idNames = [
  ...["myUser", "myDevice", "myDirectChat", "myGroupChat", "myMessage"],
  ...["myChannelChat", "vaultChannelChat"],
  ...["peerUser", "peerDevice", "peerGroupChat", "peerMessage"],
  ...["vaultUser", "vaultDevice", "vaultDirectChat", "vaultGroupChat"],
  ...["vaultMessage", "goneMessage", "noUser", "noChat", "noMessage"],
] as const;
export type IdName = (typeof idNames)[number];

/** Somebody with chats, a message and a device. */
export interface Actor {
  readonly person: Person;
  readonly ids: Readonly<Record<string, string>>;
}

export interface Cast {
  /** Two who mind their own business. */
  readonly victims: readonly [Person, Person];
  /** Their direct chat, in which they talk all the time. */
  readonly chatId: ChatId;
  /** Stands in every message of the victims' other chat and in its title: nobody else may see it. */
  readonly secret: string;
  /** One of those who make the hostile requests. */
  attacker(turn: number): Actor;
  /** The attacker was signed out or has lost what it needs: somebody new takes the place. */
  replace(turn: number): Promise<void>;
  idOf(actor: Actor, name: IdName): string;
}

const attackers = 4;

/** How many cases an attacker makes before somebody with fresh chats takes the place. */
export const turnsOfOne = 60;

export async function createCast(url: string): Promise<Cast> {
  const victims = [
    await newcomer(url, "ann"),
    await newcomer(url, "bob"),
  ] as const;
  const [ann, bob] = victims;
  const chatId = await directChat(ann, bob);
  const secret = crypto.randomUUID().replaceAll("-", "");
  const vault = await vaultOf(ann, bob, secret);
  const fixed: Readonly<Record<string, string>> = {
    vaultUser: ann.userId,
    vaultDevice: ann.session.device.deviceId,
    vaultDirectChat: chatId,
    ...vault,
    noUser: crypto.randomUUID(),
    noChat: crypto.randomUUID(),
    noMessage: crypto.randomUUID(),
  };
  const peer = await settled(await newcomer(url, "peer"));
  const others = await Promise.all(
    Array.from(
      { length: attackers },
      async (_, i) => await settled(await newcomer(url, `mallory${i}`), peer),
    ),
  );

  return {
    victims,
    chatId,
    secret,
    attacker: (turn) => others[turn % attackers]!,
    async replace(turn) {
      const person = await newcomer(url, "mallory");
      others[turn % attackers] = await settled(person, peer);
    },
    idOf: (actor, name) => ({ ...actor.ids, ...fixed })[name]!,
  };
}

/** An address that nobody has come from yet: the service counts by address. */
export const newAddress = () =>
  `10.${[...crypto.getRandomValues(new Uint8Array(3))].join(".")}`;

let newcomers = 0;

async function newcomer(url: string, name: string): Promise<Person> {
  const username = `${name}${++newcomers}x${Date.now().toString(36)}`;
  const response = await fetch(`${url}/api/v1/auth/register`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-forwarded-for": newAddress(),
    },
    body: JSON.stringify({ username, password }),
  });
  const session = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(session));
  return personOf(url, session);
}

async function say(person: Person, chatId: ChatId, text: string) {
  const body = { content: { type: "text", text } };
  const path = `/chats/${chatId}/messages`;
  return accepted(await person.call<Message>("POST", path, body)).messageId;
}

async function vaultOf(ann: Person, bob: Person, secret: string) {
  const vaultGroupChat = await groupOf(ann, bob);
  const path = `/chats/${vaultGroupChat}`;
  accepted(await ann.call("PATCH", path, { title: secret }));
  const vaultMessage = await say(ann, vaultGroupChat, secret);
  const vaultChannelChat = await channelOf(ann, secret);
  await say(ann, vaultChannelChat, secret);
  return { vaultGroupChat, vaultMessage, vaultChannelChat };
}

/** A private one. */
async function channelOf(person: Person, title: string) {
  const body = { kind: "channel", title };
  return accepted(await person.call<{ chatId: ChatId }>("POST", "/chats", body))
    .chatId;
}

/** Gives a person chats and messages, some of them with `peer`. */
async function settled(person: Person, peer?: Actor): Promise<Actor> {
  const other = peer?.person ?? await newcomer(person.url, "other");
  const myDirectChat = await directChat(person, other);
  const myGroupChat = await groupOf(person, other);
  const goneMessage = await say(person, myGroupChat, "To be deleted");
  accepted(
    await person.call(
      "DELETE",
      `/chats/${myGroupChat}/messages/${goneMessage}`,
    ),
  );
  return {
    person,
    ids: {
      myUser: person.userId,
      myDevice: person.session.device.deviceId,
      myDirectChat,
      myGroupChat,
      myChannelChat: await channelOf(person, "Fuzzed"),
      myMessage: await say(person, myGroupChat, "Hello"),
      goneMessage,
      peerUser: other.userId,
      peerDevice: other.session.device.deviceId,
      peerGroupChat: peer?.ids.myGroupChat ?? myGroupChat,
      peerMessage: peer?.ids.myMessage ?? goneMessage,
    },
  };
}
