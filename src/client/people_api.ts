import type {
  Device,
  Me,
  PasswordChange,
  Presence,
  ProfilePatch,
} from "../protocol/accounts.ts";
import type { Person } from "../protocol/contacts.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { List } from "../protocol/page.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { Rest } from "./rest.ts";

/** Other people. */
export interface UsersApi {
  /** By the start of the username or of the display name. */
  search(query: string, options?: ListOptions): Promise<List<Person>>;
  get(userId: UserId, options?: CallOptions): Promise<Person>;
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
  /**
   * Everything the service holds on the account: one JSON document (`AccountExport`) as it comes in. It
   * is whole once the stream ends; one that breaks off errors.
   */
  export(options?: CallOptions): Promise<ReadableStream<Uint8Array>>;
  /** Deletes the account, for good. Nobody is signed in here after it. */
  delete(password: string, options?: CallOptions): Promise<void>;
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
  /** Signs all devices out but this one. */
  revokeOthers(options?: CallOptions): Promise<void>;
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

/** `ended` is called once the account is deleted. */
export function createMeApi(
  { call }: Rest,
  ended: () => Promise<void>,
): MeApi {
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
    export: ({ signal } = {}) =>
      call({ method: "GET", path: "/me/export", stream: true, signal }),
    async delete(password, { signal } = {}) {
      const body = { password };
      // Repeated after it has worked, there is nobody who may.
      await call<void>({
        method: "DELETE",
        path,
        body,
        repeatable: false,
        signal,
      });
      await ended();
    },
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
    revokeOthers: ({ signal } = {}) =>
      call({
        method: "DELETE",
        path: "/me/devices",
        query: { except: "current" },
        signal,
      }),
  };
}
