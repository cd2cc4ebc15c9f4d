import type { ChatId } from "../../src/protocol/ids.ts";
import { accepted } from "../support/answers.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";

/** One person for each place there is in a group, and two outside it. */
export interface Cast {
  readonly owner: Person;
  readonly admin: Person;
  readonly member: Person;
  /** Was in it, and has left. */
  readonly former: Person;
  readonly stranger: Person;
}

export type Part = keyof Cast;

export async function newCast(url: string): Promise<Cast> {
  const [owner, admin, member, former, stranger] = await Promise.all(
    ["o", "a", "m", "f", "s"].map((name) => newPerson(url, name)),
  );
  return {
    owner: owner!,
    admin: admin!,
    member: member!,
    former: former!,
    stranger: stranger!,
  };
}

/** A fresh group with everyone in the part, and further members. */
export async function stage(
  { owner, admin, member, former }: Cast,
  ...others: Person[]
): Promise<ChatId> {
  const chatId = await groupOf(owner, admin, member, former, ...others);
  const members = `/chats/${chatId}/members`;
  accepted(
    await owner.call("PATCH", `${members}/${admin.userId}`, { role: "admin" }),
  );
  accepted(await former.call("DELETE", `${members}/me`));
  return chatId;
}
