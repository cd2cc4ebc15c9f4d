import type { Message } from "../../src/protocol/messages.ts";
import {
  type Answer,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";

/**
 * Those who are in a group; the weakest first, so that nobody finds what a stronger one has changed.
 * The powerless one is an admin without any right.
 */
export const insiders = ["member", "powerless", "admin", "owner"] as const;
export type Insider = typeof insiders[number];

/** Everybody else, to whom the group does not exist. */
export const outsiders = ["stranger", "former", "banned"] as const;
export type Outsider = typeof outsiders[number];

export type Cast = Readonly<Record<Insider | Outsider | "signedOut", Person>>;

/** The people stay the same; what they are to a group is made anew in each scene. */
export async function createCast(url: string): Promise<Cast> {
  const parts = ["signedOut", ...outsiders, ...insiders] as const;
  const people = await Promise.all(
    parts.map(async (part) => [part, await newPerson(url)] as const),
  );
  const cast = Object.fromEntries(people) as Cast;
  await granted(cast.signedOut.call("POST", "/auth/logout"));
  return cast;
}

/** A group in which everybody is in place, and what a request can be about. */
export interface Scene extends Cast {
  readonly chatId: string;
  /** What somebody has said just now, or the owner, where that person cannot. */
  message(by: Person): Promise<Message>;
  /** Somebody who has just come in, for whoever wants to act on a member. */
  newcomer(): Promise<Person>;
  /** Somebody who is in no chat. */
  outsider(): Promise<Person>;
}

export async function createScene(url: string, cast: Cast): Promise<Scene> {
  const { owner, admin, powerless, former, banned, member } = cast;
  const others = [admin, powerless, member, former, banned];
  const chatId = await groupOf(owner, ...others);
  const members = `/chats/${chatId}/members`;
  const role = { role: "admin" };
  await granted(owner.call("PATCH", `${members}/${admin.userId}`, role));
  const rightless = { role: "admin", rights: [] };
  await granted(
    owner.call("PATCH", `${members}/${powerless.userId}`, rightless),
  );
  await granted(owner.call("DELETE", `${members}/${former.userId}`));
  await granted(owner.call("PUT", `/chats/${chatId}/bans/${banned.userId}`));
  return {
    ...cast,
    chatId,
    message(by) {
      const sender = insiders.some((each) => cast[each] === by) ? by : owner;
      const content = { type: "text", text: "Something to act on" };
      const path = `/chats/${chatId}/messages`;
      return granted(sender.call("POST", path, { content }));
    },
    async newcomer() {
      const person = await newPerson(url);
      const userIds = [person.userId];
      await granted(owner.call("POST", members, { userIds }));
      return person;
    },
    outsider: () => newPerson(url),
  };
}

async function granted<Body>(asked: Promise<Answer<Body>>): Promise<Body> {
  const { status, body } = await asked;
  if (status >= 300) throw new Error(JSON.stringify(body));
  return body;
}
