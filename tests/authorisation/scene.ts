import type { Message } from "../../src/protocol/messages.ts";
import {
  type Answer,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";

/** Those who are in a group; the weakest first, so that nobody finds what a stronger one has changed. */
export const insiders = ["member", "admin", "owner"] as const;
export type Insider = typeof insiders[number];

/** Everybody else, to whom the group does not exist. */
export const outsiders = ["stranger", "former"] as const;
export type Outsider = typeof outsiders[number];

export type Cast = Readonly<Record<Insider | Outsider | "signedOut", Person>>;

/** The people stay the same; what they are to a group is made anew in each scene. */
export async function createCast(url: string): Promise<Cast> {
  const [signedOut, stranger, former, member, admin, owner] = await Promise.all(
    Array.from({ length: 6 }, () => newPerson(url)),
  ) as [Person, Person, Person, Person, Person, Person];
  await granted(signedOut.call("POST", "/auth/logout"));
  return { signedOut, stranger, former, member, admin, owner };
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
  const { owner, admin, former, member } = cast;
  const chatId = await groupOf(owner, admin, member, former);
  const members = `/chats/${chatId}/members`;
  const role = { role: "admin" };
  await granted(owner.call("PATCH", `${members}/${admin.userId}`, role));
  await granted(owner.call("DELETE", `${members}/${former.userId}`));
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
