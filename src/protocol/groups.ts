import { z } from "zod";
import { User } from "./accounts.ts";
import { UserId } from "./ids.ts";
import { Timestamp } from "./text.ts";

/** What an admin may do; each is a switch of its own, and the owner has all. */
export const AdminRight = z.enum([
  "changeInfo",
  "postMessages",
  "deleteMessages",
  "banMembers",
  "inviteMembers",
  "pinMessages",
  "promoteMembers",
]).meta({
  id: "AdminRight",
  description:
    "`changeInfo`: title, about and settings. `postMessages`: write where members may not. `deleteMessages`: others' for everyone. `banMembers`: remove and ban. `inviteMembers`: add people, make invitations and answer who asks to be let in. `pinMessages`. `promoteMembers`: make admins, with no rights but one's own",
  examples: ["pinMessages"],
});
export type AdminRight = z.infer<typeof AdminRight>;

/** Every right, in the order in which they are told. */
export const adminRights = AdminRight.options;

export const AdminRights = z.array(AdminRight).max(adminRights.length).meta({
  id: "AdminRights",
  examples: [["changeInfo", "pinMessages"]],
});

const whoMay = (description: string) =>
  z.enum(["everyone", "admins"]).meta({ description, examples: ["admins"] });

/** What members of a group may do besides its admins, who need the right that goes with it. */
export const Permissions = z.object({
  sendMessages: whoMay("Who may write; of the admins those with postMessages"),
  addMembers: whoMay("Who may add; of the admins those with inviteMembers"),
  changeInfo: whoMay("Who may change title and about"),
  pinMessages: whoMay("Who may pin"),
}).meta({
  id: "Permissions",
  description: "What members of a group may do besides its admins",
});
export type Permissions = z.infer<typeof Permissions>;

export const defaultPermissions: Permissions = {
  sendMessages: "everyone",
  addMembers: "admins",
  changeInfo: "admins",
  pinMessages: "admins",
};

/** A day: whoever writes more seldom needs no slowing down. */
const slowestSeconds = 86_400;

const slowModeSeconds = z.int().min(0).max(slowestSeconds).meta({
  description:
    "Seconds between two messages of one member; admins are free of it. 0: off",
  examples: [0],
});

const historyForNewcomers = z.enum(["all", "sinceJoining"]).meta({
  description:
    "What those who come from now on can read of what was said before. Whoever is in keeps what the setting was when they came",
  examples: ["all"],
});
export type HistoryForNewcomers = z.infer<typeof historyForNewcomers>;

/** What only groups have. */
export const GroupSettings = z.object({
  permissions: Permissions,
  slowModeSeconds,
  historyForNewcomers,
}).meta({ id: "GroupSettings", description: "How a group is run" });
export type GroupSettings = z.infer<typeof GroupSettings>;

/** The fields of `ChatPatch` that only groups have. */
export const groupPatch = {
  permissions: Permissions.partial().strict().optional().meta({
    description: "Of a group: those named change",
  }),
  slowModeSeconds: slowModeSeconds.optional(),
  historyForNewcomers: historyForNewcomers.optional(),
};

/** Somebody who cannot come in until unbanned. */
export const Ban = z.object({
  user: User.omit({ about: true }).meta({ id: "BannedUser" }),
  bannedBy: UserId,
  bannedAt: Timestamp,
}).meta({ id: "Ban", description: "Somebody who cannot come in" });
export type Ban = z.infer<typeof Ban>;
