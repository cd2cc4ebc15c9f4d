import { z } from "zod";
import { UserId } from "./ids.ts";
import { limits } from "./limits.ts";

export const Audience = z.enum(["everyone", "contacts", "nobody"]).meta({
  id: "Audience",
  examples: ["contacts"],
});
export type Audience = z.infer<typeof Audience>;

const people = z.array(UserId).max(limits.privacyExceptions);

/** Who may, and who may not. */
export const PrivacyRule = z.strictObject({
  who: Audience,
  allow: people.default([]).meta({
    description: "These may in any case",
    examples: [[]],
  }),
  deny: people.default([]).meta({
    description: "These may in no case, whatever else says so",
    examples: [[]],
  }),
}).meta({ id: "PrivacyRule", description: "Who may, and who may not" });
export type PrivacyRule = z.infer<typeof PrivacyRule>;

const settings = {
  lastSeen: PrivacyRule.meta({
    description:
      "Who sees when the person was last here; of those in `presence`",
  }),
  presence: PrivacyRule.meta({
    description:
      "Who, of the contacts and of those in a common chat, sees whether the person is online",
  }),
  avatar: PrivacyRule.meta({ description: "Who sees the picture" }),
  about: PrivacyRule.meta({
    description: "Who sees the text about the person",
  }),
  readReceipts: PrivacyRule.meta({
    description:
      "Who sees what the person has read. Whoever hides it from somebody does not see it of that one either; in a group whoever hides it from anybody neither shows nor sees it",
  }),
  addToGroups: PrivacyRule.meta({
    description: "Who may add the person to groups",
  }),
  writeFirst: PrivacyRule.meta({
    description: "Who may open a direct chat with the person",
  }),
};

export const Privacy = z.object(settings).meta({
  id: "Privacy",
  description: "What the account shows to whom, and who may do what to it",
});
export type Privacy = z.infer<typeof Privacy>;
export type PrivacySetting = keyof Privacy;

export const PrivacyPatch = z.strictObject(settings).partial().meta({
  id: "PrivacyPatch",
  description: "The settings to change; each is replaced as a whole",
});
export type PrivacyPatch = z.infer<typeof PrivacyPatch>;
