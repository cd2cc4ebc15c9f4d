import { z } from "zod";
import { DeviceId, UserId } from "./ids.ts";
import { Counter, text, Timestamp } from "./text.ts";

/** 3–32 of `a-z 0-9 _ .`, starting with a letter; kept in lower case. */
export const Username = z.string().toLowerCase().regex(
  /^[a-z][a-z0-9_.]{2,31}$/,
  {
    error: "Must be 3 to 32 of a-z, 0-9, _ and ., starting with a letter",
  },
);

export const Password = text(8, 256);
export const Email = z.email().max(254).toLowerCase();
export const DisplayName = text(1, 64).refine((name) => name.trim() !== "", {
  error: "Must not be blank",
});

/** A person as other people see them. */
export const User = z.object({
  userId: UserId,
  username: z.string(),
  displayName: z.string(),
  about: z.string(),
}).meta({ id: "User" });
export type User = z.infer<typeof User>;

/** The caller's own profile. */
export const Me = User.extend({
  email: z.string().nullable(),
  createdAt: Timestamp,
  accountRev: Counter,
}).meta({ id: "Me" });
export type Me = z.infer<typeof Me>;

export const Device = z.object({
  deviceId: DeviceId,
  name: z.string(),
  platform: z.string(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  revokedAt: Timestamp.nullable(),
  current: z.boolean().meta({
    description: "Whether the request came from this device",
  }),
}).meta({ id: "Device" });
export type Device = z.infer<typeof Device>;

export const Session = z.object({
  user: Me,
  device: Device,
  accessToken: z.string(),
  accessTokenExpiresAt: Timestamp,
  refreshToken: z.string().optional().meta({
    description: "Absent when the refresh token travels in a cookie instead",
  }),
}).meta({ id: "Session" });
export type Session = z.infer<typeof Session>;

export const DeviceInput = z.strictObject({
  name: text(1, 64),
  platform: text(1, 32),
});
export type DeviceInput = z.infer<typeof DeviceInput>;

const cookie = z.boolean().optional().meta({
  description:
    "Keep the refresh token in an HttpOnly cookie instead of the body",
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
  login: text(1, 254).meta({ description: "Username or email address" }),
  password: text(1, 256),
  device: DeviceInput.optional(),
  cookie,
}).meta({ id: "LoginRequest" });
export type LoginRequest = z.infer<typeof LoginRequest>;

export const RefreshRequest = z.strictObject({
  refreshToken: text(1, 256).optional(),
  cookie,
}).meta({ id: "RefreshRequest" });
export type RefreshRequest = z.infer<typeof RefreshRequest>;

export const ProfilePatch = z.strictObject({
  displayName: DisplayName.optional(),
  about: text(0, 512).optional(),
  username: Username.optional(),
  email: Email.nullable().optional(),
}).meta({ id: "ProfilePatch" });
export type ProfilePatch = z.infer<typeof ProfilePatch>;

export const PasswordChange = z.strictObject({
  current: text(1, 256),
  next: Password,
}).meta({
  id: "PasswordChange",
});
export type PasswordChange = z.infer<typeof PasswordChange>;

export const DevicePatch = z.strictObject({ name: text(1, 64) }).meta({
  id: "DevicePatch",
});
export type DevicePatch = z.infer<typeof DevicePatch>;

export const Presence = z.object({
  userId: UserId,
  online: z.boolean(),
  lastSeenAt: Timestamp.nullable(),
}).meta({ id: "Presence" });
export type Presence = z.infer<typeof Presence>;
