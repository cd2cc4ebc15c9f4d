import { z } from "zod";
import { User } from "./accounts.ts";
import { UserId } from "./ids.ts";
import { AccountRev, Timestamp } from "./text.ts";

/** What somebody else is to the account. */
export const ContactState = z.enum([
  "accepted",
  "incoming",
  "outgoing",
  "blocked",
  "none",
]).meta({
  id: "ContactState",
  description:
    "`incoming` and `outgoing`: a request from or to that person. `none`: no longer anything",
  examples: ["accepted"],
});
export type ContactState = z.infer<typeof ContactState>;

/** What `GET /contacts` lists. */
export const ContactList = ContactState.exclude(["none"]).meta({
  id: "ContactList",
  description: "Which contacts are listed",
  examples: ["accepted"],
});
export type ContactList = z.infer<typeof ContactList>;

export const Contact = z.object({
  userId: UserId,
  state: ContactState,
  since: Timestamp.meta({ description: "When it came to this" }),
  viewed: z.boolean().meta({
    description: "false for an incoming request that was not looked at yet",
    examples: [true],
  }),
  accountRev: AccountRev.meta({
    description: "The account's counter when this last changed",
  }),
  user: User,
}).meta({
  id: "Contact",
  description: "Another person, from the account's side",
});
export type Contact = z.infer<typeof Contact>;

export const ContactRequest = z.strictObject({ userId: UserId }).meta({
  id: "ContactRequest",
});
export type ContactRequest = z.infer<typeof ContactRequest>;

export const Relationship = z.enum([
  "self",
  "none",
  "contact",
  "incoming",
  "outgoing",
  "blocked",
]).meta({
  id: "Relationship",
  description:
    "What the person is to the caller; `blocked` where the caller has blocked the person",
  examples: ["contact"],
});
export type Relationship = z.infer<typeof Relationship>;

/** A person as the caller sees them. */
export const Person = User.extend({ relationship: Relationship }).meta({
  id: "Person",
  description: "A person as the caller sees them",
});
export type Person = z.infer<typeof Person>;
