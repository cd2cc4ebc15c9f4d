import type { Message } from "../../src/protocol/messages.ts";
import { accepted } from "../support/answers.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";

/**
 * Those who are in a group; the weakest first, so that nobody finds what a stronger one has changed. The
 * bare admin has none of the rights, the admin those that a new one gets.
 */
export const insiders = ["member", "bareAdmin", "admin", "owner"] as const;
export type Insider = typeof insiders[number];

/** Everybody else, to whom the group does not exist, whatever they are to its owner. */
export const outsiders = [
  "stranger",
  "contact",
  "blocked",
  "former",
  "banned",
] as const;
export type Outsider = typeof outsiders[number];

export type Cast = Readonly<Record<Insider | Outsider | "signedOut", Person>>;

/** The people stay the same; what they are to a group is made anew in each scene. */
export async function createCast(url: string): Promise<Cast> {
  const parts = ["signedOut", ...outsiders, ...insiders] as const;
  const people = await Promise.all(
    parts.map(async (part) => [part, await newPerson(url)] as const),
  );
  const cast = Object.fromEntries(people) as Record<keyof Cast, Person>;
  const { signedOut, contact, blocked, owner } = cast;
  accepted(await signedOut.call("POST", "/auth/logout"));
  const { userId } = owner;
  accepted(await contact.call("POST", "/contacts/requests", { userId }));
  accepted(
    await owner.call("POST", `/contacts/requests/${contact.userId}/accept`),
  );
  accepted(await owner.call("PUT", `/contacts/${blocked.userId}/block`));
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
  const { owner, admin, bareAdmin, former, banned, member } = cast;
  const chatId = await groupOf(
    owner,
    ...[admin, bareAdmin, member, former, banned],
  );
  const chat = `/chats/${chatId}`;
  const members = `${chat}/members`;
  const role = { role: "admin" };
  accepted(await owner.call("PATCH", `${members}/${admin.userId}`, role));
  const path = `${members}/${bareAdmin.userId}`;
  accepted(await owner.call("PATCH", path, { ...role, rights: [] }));
  accepted(await owner.call("DELETE", `${members}/${former.userId}`));
  accepted(await owner.call("PUT", `${chat}/bans/${banned.userId}`));
  return {
    ...cast,
    chatId,
    async message(by) {
      const sender = insiders.some((each) => cast[each] === by) ? by : owner;
      const content = { type: "text", text: "Something to act on" };
      const path = `/chats/${chatId}/messages`;
      return accepted(await sender.call("POST", path, { content }));
    },
    async newcomer() {
      const person = await newPerson(url);
      const userIds = [person.userId];
      accepted(await owner.call("POST", members, { userIds }));
      return person;
    },
    outsider: () => newPerson(url),
  };
}
