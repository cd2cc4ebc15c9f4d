import { z } from "zod";
import { DeviceId, UserId } from "./ids.ts";
import { Privacy, PrivacyPatch } from "./privacy.ts";
import { AccountRev, text, Timestamp } from "./text.ts";

/** 3–32 of `a-z 0-9 _ .`, starting with a letter; kept in lower case. */
export const Username = z.string().toLowerCase().regex(
  /^[a-z][a-z0-9_.]{2,31}$/,
  {
    error: "Must be 3 to 32 of a-z, 0-9, _ and ., starting with a letter",
  },
).meta({
  id: "Username",
  description: "Capitals are read too, and kept in lower case",
  examples: ["ada"],
});

export const Password = text(8, 256).meta({
  id: "Password",
  description: "Anything of 8 characters or more",
  examples: ["correct horse battery"],
});
export const Email = z.email().max(254).toLowerCase().meta({
  id: "Email",
  description: "Kept in lower case",
  examples: ["ada@example.org"],
});
export const DisplayName = text(1, 64).regex(/\S/, {
  error: "Must not be blank",
}).meta({ id: "DisplayName", examples: ["Ada Lovelace"] });

/** A person as other people see them. */
export const User = z.object({
  userId: UserId,
  username: z.string().nullable().meta({
    description:
      'null once the account was deleted: then `displayName` is "Deleted account" and `about` is empty',
    examples: ["ada"],
  }),
  displayName: z.string().meta({ examples: ["Ada Lovelace"] }),
  about: z.string().meta({ examples: ["Thinks about engines"] }),
}).meta({ id: "User", description: "A person as other people see them" });
export type User = z.infer<typeof User>;

/** The caller's own profile. */
export const Me = User.extend({
  username: z.string().meta({ examples: ["ada"] }),
  email: z.string().nullable().meta({ examples: ["ada@example.org"] }),
  createdAt: Timestamp,
  privacy: Privacy,
  accountRev: AccountRev,
}).meta({ id: "Me", description: "The caller's own profile" });
export type Me = z.infer<typeof Me>;

export const Device = z.object({
  deviceId: DeviceId,
  name: z.string().meta({ examples: ["Ada's phone"] }),
  platform: z.string().meta({ examples: ["android"] }),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  revokedAt: Timestamp.nullable().meta({
    description: "null while it is signed in",
    examples: [null],
  }),
  current: z.boolean().meta({
    description: "Whether the request came from this device",
  }),
}).meta({ id: "Device", description: "One sign-in of an account" });
export type Device = z.infer<typeof Device>;

export const Session = z.object({
  user: Me,
  device: Device,
  accessToken: z.string().meta({
    description: "A JWT (RFC 7519) for `Authorization: Bearer` and for `hello`",
  }),
  accessTokenExpiresAt: Timestamp,
  refreshToken: z.string().optional().meta({
    description: "Absent when the refresh token travels in a cookie instead",
  }),
}).meta({
  id: "Session",
  description: "What a device needs to act for its account",
});
export type Session = z.infer<typeof Session>;

export const DeviceInput = z.strictObject({
  name: text(1, 64).meta({ examples: ["Ada's phone"] }),
  platform: text(1, 32).meta({ examples: ["android"] }),
}).meta({ id: "DeviceInput" });
export type DeviceInput = z.infer<typeof DeviceInput>;

const cookie = z.boolean().optional().meta({
  description:
    "Keep the refresh token in an HttpOnly cookie instead of the body",
  examples: [false],
});

export const RegisterRequest = z.strictObject({
  username: Username,
  password: Password,
  email: Email.optional(),
  displayName: DisplayName.optional(),
  device: DeviceInput.optional(),
  cookie,
}).meta({ id: "RegisterRequest" });
export type RegisterRequest = z.infer<typeof RegisterRequest>;

export const LoginRequest = z.strictObject({
  login: text(1, 254).meta({
    description: "Username or email address",
    examples: ["ada"],
  }),
  password: text(1, 256).meta({ examples: ["correct horse battery"] }),
  device: DeviceInput.optional(),
  cookie,
}).meta({ id: "LoginRequest" });
export type LoginRequest = z.infer<typeof LoginRequest>;

export const RefreshRequest = z.strictObject({
  refreshToken: text(1, 256).optional().meta({
    description: "Without it, the one in the cookie counts",
  }),
  cookie,
}).meta({ id: "RefreshRequest" });
export type RefreshRequest = z.infer<typeof RefreshRequest>;

export const ProfilePatch = z.strictObject({
  displayName: DisplayName.optional(),
  about: text(0, 512).optional().meta({ examples: ["Thinks about engines"] }),
  username: Username.optional(),
  email: Email.nullable().optional().meta({
    description: "null takes it away",
  }),
  privacy: PrivacyPatch.optional(),
  password: text(1, 256).optional().meta({
    description:
      "The present password, needed for another email address once the device has been signed in for 15 minutes",
    examples: ["correct horse battery"],
  }),
}).meta({ id: "ProfilePatch" });
export type ProfilePatch = z.infer<typeof ProfilePatch>;

export const AccountDeletion = z.strictObject({
  password: text(1, 256).meta({ examples: ["correct horse battery"] }),
}).meta({ id: "AccountDeletion" });
export type AccountDeletion = z.infer<typeof AccountDeletion>;

export const PasswordChange = z.strictObject({
  current: text(1, 256).meta({ examples: ["correct horse battery"] }),
  next: Password,
}).meta({
  id: "PasswordChange",
});
export type PasswordChange = z.infer<typeof PasswordChange>;

export const DevicePatch = z.strictObject({
  name: text(1, 64).meta({ examples: ["Ada's phone"] }),
}).meta({ id: "DevicePatch" });
export type DevicePatch = z.infer<typeof DevicePatch>;

export const Presence = z.object({
  userId: UserId,
  online: z.boolean(),
  lastSeenAt: Timestamp.nullable().meta({
    description: "null while online, and where it is not known",
  }),
}).meta({ id: "Presence" });
export type Presence = z.infer<typeof Presence>;
