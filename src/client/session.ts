import type {
  LoginRequest,
  Me,
  RegisterRequest,
  Session as Grant,
} from "../protocol/accounts.ts";
import { clientError, isRefusal, type ParleyError } from "./error.ts";
import type { Http } from "./http.ts";
import type { Platform } from "./platform.ts";
import type { SessionStore, StoredSession } from "./session_store.ts";

/** Who is signed in, and a token that works. */
export interface Session {
  /** Reads the store first, if that has not happened yet. */
  current(): Promise<StoredSession | undefined>;
  register(request: RegisterRequest, signal?: AbortSignal): Promise<Me>;
  login(request: LoginRequest, signal?: AbortSignal): Promise<Me>;
  /** Forgets the session here even where the service cannot be told; then it rejects. */
  logout(): Promise<void>;
  /** Forgets the session here: the service has ended it. */
  end(): Promise<void>;
  /** An access token, renewed when little of its life is left. Rejects `unauthenticated` when signed out. */
  token(): Promise<string>;
  /** Another token than `refused`, which the service would not take. */
  renewed(refused: string): Promise<string>;
  /** Resolves when no token is on its way that would be lost by ending here. */
  settled(): Promise<void>;
}

export interface SessionOptions {
  readonly http: Http;
  readonly platform: Platform;
  readonly store: SessionStore;
  readonly cookie: boolean;
  onToken(session: StoredSession): void;
  onSignedOut(why: ParleyError | undefined): void;
}

/** What is left of a token's life when it is renewed, as a share of the whole. */
const renewShare = 0.2;
/** A token counts as living at least this long, however wrong the clock of this machine is. */
const shortestLifeMs = 60_000;

export function createSession(options: SessionOptions): Session {
  const { http, platform, store, cookie } = options;
  const { clock } = platform;
  let session: StoredSession | undefined;
  let isLoaded = false;
  let renewing: Promise<string> | undefined;

  async function current() {
    if (isLoaded) return session;
    const stored = await store.load();
    // Whoever signed in meanwhile comes before what was stored.
    if (!isLoaded) [session, isLoaded] = [stored, true];
    return session;
  }

  function use(next: StoredSession) {
    [session, isLoaded] = [next, true];
    options.onToken(next);
  }

  async function forget(why: ParleyError | undefined) {
    [session, isLoaded] = [undefined, true];
    options.onSignedOut(why);
    await store.clear();
  }

  async function granted(path: string, body: object, signal?: AbortSignal) {
    const grant = await http.call<Grant>({
      method: "POST",
      path,
      body,
      signal,
    });
    const next = storedFrom(grant, clock.now());
    // In use even where it cannot be stored: the tokens before it are void.
    use(next);
    await store.save(next);
    return next;
  }

  async function rotate(before: StoredSession): Promise<string> {
    const stored = await store.load();
    if (stored && stored.accessToken !== before.accessToken) {
      if (stored.user.userId !== before.user.userId) {
        [session, isLoaded] = [undefined, true];
        const error = signedOut("Another account signed in over this one");
        options.onSignedOut(error);
        throw error;
      }
      use(stored);
      return stored.accessToken;
    }
    const { refreshToken } = before;
    const body = refreshToken ? { refreshToken } : { cookie: true };
    try {
      return (await granted("/auth/refresh", body)).accessToken;
    } catch (error) {
      if (isRefusal(error)) await forget(error as ParleyError);
      throw error;
    }
  }

  /** A used refresh token revokes the device, so no two are ever on their way: not here, not in other tabs. */
  function renew(before: StoredSession): Promise<string> {
    renewing ??= platform
      .exclusively(`parley-refresh-${before.deviceId}`, () => rotate(before))
      .finally(() => renewing = undefined);
    return renewing;
  }

  async function signIn(path: string, request: object, signal?: AbortSignal) {
    const body = cookie ? { ...request, cookie } : request;
    return (await granted(path, body, signal)).user;
  }

  return {
    current,
    register: (request, signal) => signIn("/auth/register", request, signal),
    login: (request, signal) => signIn("/auth/login", request, signal),

    async logout() {
      await renewing?.catch(() => {});
      const leaving = await current();
      if (!leaving) return;
      try {
        const call = { method: "POST", path: "/auth/logout" } as const;
        await http.call(call, leaving.accessToken);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      } finally {
        await forget(undefined);
      }
    },

    async end() {
      await renewing?.catch(() => {});
      if (await current()) await forget(undefined);
    },

    async token() {
      const present = await current();
      if (!present) throw signedOut("Nobody is signed in");
      if (clock.now() < present.renewAt) return present.accessToken;
      try {
        return await renew(present);
      } catch (error) {
        const lives = clock.now() < present.expiresAt;
        if (lives && !isRefusal(error)) return present.accessToken;
        throw error;
      }
    },

    async renewed(refused) {
      const present = await current();
      if (!present) throw signedOut("Nobody is signed in");
      if (present.accessToken !== refused) return present.accessToken;
      return await renew(present);
    },

    async settled() {
      await renewing?.catch(() => {});
    },
  };
}

function storedFrom(grant: Grant, now: number): StoredSession {
  const { user, device, accessToken, refreshToken } = grant;
  const told = Date.parse(grant.accessTokenExpiresAt) - now;
  const life = Math.max(told, shortestLifeMs);
  return {
    user,
    deviceId: device.deviceId,
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    renewAt: now + life * (1 - renewShare),
    expiresAt: now + life,
  };
}

const signedOut = (detail: string) =>
  clientError("unauthenticated", { detail });
