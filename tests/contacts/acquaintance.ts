import type {
  Contact,
  ContactList,
  Person as Profile,
} from "../../src/protocol/contacts.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Answer, Person } from "../support/peer.ts";
import { accepted } from "../support/answers.ts";

type Peer = Pick<Person, "userId">;

export const ask = (by: Person, { userId }: Peer): Promise<Answer<Contact>> =>
  by.call<Contact>("POST", "/contacts/requests", { userId });
export const accept = (by: Person, { userId }: Peer) =>
  by.call<Contact>("POST", `/contacts/requests/${userId}/accept`);
export const drop = (by: Person, { userId }: Peer) =>
  by.call<null>("DELETE", `/contacts/requests/${userId}`);
export const remove = (by: Person, { userId }: Peer) =>
  by.call<null>("DELETE", `/contacts/${userId}`);
export const block = (by: Person, { userId }: Peer) =>
  by.call<Contact>("PUT", `/contacts/${userId}/block`);
export const unblock = (by: Person, { userId }: Peer) =>
  by.call<null>("DELETE", `/contacts/${userId}/block`);

/** Makes two people contacts. */
export async function befriend(ann: Person, bob: Person): Promise<void> {
  accepted(await ask(ann, bob));
  accepted(await accept(bob, ann));
}

export const listed = async (
  by: Person,
  state: ContactList,
): Promise<Contact[]> =>
  accepted(await by.call<List<Contact>>("GET", `/contacts?state=${state}`))
    .items;

/** What the other one is to somebody, in the profile and in a search alike. */
export async function relationship(
  by: Person,
  { userId, username }: Pick<Person, "userId" | "username">,
): Promise<Profile["relationship"]> {
  const profile = accepted(await by.call<Profile>("GET", `/users/${userId}`));
  const { items } = accepted(
    await by.call<List<Profile>>("GET", `/users?query=${username}`),
  );
  const found = items.find((each) => each.userId === userId);
  if (found?.relationship !== profile.relationship) {
    throw new Error(`${found?.relationship} or ${profile.relationship}?`);
  }
  return profile.relationship;
}
