import { z } from "zod";
import { UserId } from "./ids.ts";
import { limits } from "./limits.ts";

export const Audience = z.enum(["everyone", "contacts", "nobody"]).meta({
  id: "Audience",
  examples: ["contacts"],
});
export type Audience = z.infer<typeof Audience>;

const people = z.array(UserId).max(limits.privacyExceptions);

const allow = people.meta({ description: "These may in any case" });
const deny = people.meta({
  description: "These may in no case, whatever else says so",
});

/** Who may, and who may not. */
export const PrivacyRule = z.object({ who: Audience, allow, deny }).meta({
  id: "PrivacyRule",
  description: "Who may, and who may not",
});
export type PrivacyRule = z.infer<typeof PrivacyRule>;

export const NewPrivacyRule = z.strictObject({
  who: Audience,
  allow: allow.default([]),
  deny: deny.default([]),
}).meta({ id: "NewPrivacyRule", description: "Who may, and who may not" });

/** Each setting, and what it is about. */
const settings = <Rule extends z.ZodType>(rule: Rule) => ({
  lastSeen: rule.meta({
    description:
      "Who sees when the person was last here; of those in `presence`",
  }),
  presence: rule.meta({
    description:
      "Who, of the contacts and of those in a common chat, sees whether the person is online",
  }),
  avatar: rule.meta({ description: "Who sees the picture" }),
  about: rule.meta({ description: "Who sees the text about the person" }),
  readReceipts: rule.meta({
    description:
      "Who sees what the person has read. Whoever hides it from somebody does not see it of that one either; in a group whoever hides it from anybody neither shows nor sees it",
  }),
  addToGroups: rule.meta({
    description: "Who may add the person to groups",
  }),
  writeFirst: rule.meta({
    description: "Who may open a direct chat with the person",
  }),
});

export const Privacy = z.object(settings(PrivacyRule)).meta({
  id: "Privacy",
  description: "What the account shows to whom, and who may do what to it",
});
export type Privacy = z.infer<typeof Privacy>;
export type PrivacySetting = keyof Privacy;

export const PrivacyPatch = z.strictObject(settings(NewPrivacyRule)).partial()
  .meta({
    id: "PrivacyPatch",
    description: "The settings to change; each is replaced as a whole",
  });
export type PrivacyPatch = z.infer<typeof PrivacyPatch>;

/** Whether there is anybody who does not see what the person has read. */
export const hidesReads = (
  { readReceipts: { who, deny } }: Privacy,
): boolean => who !== "everyone" || deny.length > 0;
