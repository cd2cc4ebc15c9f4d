import type { PrivacyRule } from "../../src/protocol/privacy.ts";
import type { Person } from "../support/peer.ts";
import { ask, befriend, block } from "./acquaintance.ts";

/** What a viewer is to the owner of the setting. */
export const relations = {
  stranger: () => Promise.resolve(),
  contact: befriend,
  asker: (owner: Person, viewer: Person) => ask(viewer, owner),
  asked: (owner: Person, viewer: Person) => ask(owner, viewer),
  blocked: (owner: Person, viewer: Person) => block(owner, viewer),
  blocker: (owner: Person, viewer: Person) => block(viewer, owner),
} satisfies Record<
  string,
  (owner: Person, viewer: Person) => Promise<unknown>
>;
export type Relation = keyof typeof relations;
export type Viewers = Readonly<Record<Relation, Person>>;

/** The rules, with the viewers as exceptions or without. */
export const rules: [name: string, (people: Person["userId"][]) => object][] = [
  ["everyone", () => ({ who: "everyone" })],
  ["everyone but them", (deny) => ({ who: "everyone", deny })],
  ["contacts", () => ({ who: "contacts" })],
  ["contacts but them", (deny) => ({ who: "contacts", deny })],
  ["contacts and them", (allow) => ({ who: "contacts", allow })],
  ["nobody", () => ({ who: "nobody" })],
  ["nobody but them", (allow) => ({ who: "nobody", allow })],
  [
    "those who are denied, whatever else",
    (people) => ({ who: "everyone", allow: people, deny: people }),
  ],
];

export const isBlocked = (relation: Relation) =>
  relation === "blocked" || relation === "blocker";

/** Whether a rule lets somebody, in words other than the service's own. */
export function lets(rule: Partial<PrivacyRule>, relation: Relation): boolean {
  if (rule.deny) return false;
  if (rule.who === "everyone") return true;
  if (isBlocked(relation)) return false;
  if (rule.allow) return true;
  return rule.who === "contacts" && relation === "contact";
}
