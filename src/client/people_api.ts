import type {
  Device,
  Me,
  PasswordChange,
  Presence,
  ProfilePatch,
  User,
} from "../protocol/accounts.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { List } from "../protocol/page.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { Rest } from "./rest.ts";

/** Other people. */
export interface UsersApi {
  /** By the start of the username or of the display name. */
  search(query: string, options?: ListOptions): Promise<List<User>>;
  get(userId: UserId, options?: CallOptions): Promise<User>;
  lastSeen(userId: UserId, options?: CallOptions): Promise<Presence>;
}

/** The account of whoever is signed in. */
export interface MeApi {
  get(options?: CallOptions): Promise<Me>;
  update(patch: ProfilePatch, options?: CallOptions): Promise<Me>;
  /** Signs the other devices out. */
  changePassword(
    change: PasswordChange,
    options?: CallOptions,
  ): Promise<void>;
}

export interface DevicesApi {
  list(options?: ListOptions): Promise<List<Device>>;
  rename(
    deviceId: DeviceId,
    name: string,
    options?: CallOptions,
  ): Promise<Device>;
  /** Signs that device out. */
  revoke(deviceId: DeviceId, options?: CallOptions): Promise<void>;
}

export function createUsersApi({ call }: Rest): UsersApi {
  const get = <T>(path: string, query: object, signal?: AbortSignal) =>
    call<T>({ method: "GET", path, query: { ...query }, signal });
  return {
    search: (query, { signal, ...page } = {}) =>
      get("/users", { query, ...page }, signal),
    get: (userId, { signal } = {}) => get(`/users/${userId}`, {}, signal),
    lastSeen: (userId, { signal } = {}) =>
      get(`/users/${userId}/last-seen`, {}, signal),
  };
}

export function createMeApi({ call }: Rest): MeApi {
  const path = "/me";
  return {
    get: ({ signal } = {}) => call({ method: "GET", path, signal }),
    update: (body, { signal } = {}) =>
      call({ method: "PATCH", path, body, signal }),
    changePassword: (body, { signal } = {}) =>
      // Repeated after it has worked, the old password is wrong.
      call({
        method: "PUT",
        path: "/me/password",
        body,
        repeatable: false,
        signal,
      }),
  };
}

export function createDevicesApi({ call }: Rest): DevicesApi {
  const at = (deviceId: DeviceId) => `/me/devices/${deviceId}`;
  return {
    list: ({ signal, ...query } = {}) =>
      call({ method: "GET", path: "/me/devices", query, signal }),
    rename: (deviceId, name, { signal } = {}) =>
      call({ method: "PATCH", path: at(deviceId), body: { name }, signal }),
    revoke: (deviceId, { signal } = {}) =>
      call({ method: "DELETE", path: at(deviceId), signal }),
  };
}
