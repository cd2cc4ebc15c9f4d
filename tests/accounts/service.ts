import assert from "node:assert/strict";
import { accountRoutes, createAccounts } from "../../src/accounts/mod.ts";
import type { Accounts } from "../../src/accounts/mod.ts";
import { type Announced, createChanges } from "../../src/changes/mod.ts";
import { createAccessTokens } from "../../src/crypto/access_tokens.ts";
import { type Argon2, createPasswords } from "../../src/crypto/passwords.ts";
import { createContacts } from "../../src/contacts/mod.ts";
import { contactRoutes } from "../../src/contacts/routes.ts";
import type { Database } from "../../src/db/database.ts";
import { createBearer } from "../../src/http/bearer.ts";
import { createFrontDoor } from "../../src/http/front_door.ts";
import { createRateLimit } from "../../src/http/rate_limit.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Rate } from "../../src/lib/token_bucket.ts";
import { uuidv7 } from "../../src/lib/uuid.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { testDatabase } from "../support/database.ts";

export type SignedIn = Session & { refreshToken: string };

/** The accounts behind their front door, on a database of their own, with a clock to turn. */
export interface TestService extends AsyncDisposable {
  readonly accounts: Accounts;
  readonly db: Database;
  readonly clock: { ms: number };
  /** Every event announced so far. */
  readonly events: Announced[];
  /** Accounts deleted so far, whose erasure is to begin. */
  readonly deleted: UserId[];
  /** Calls of Argon2 so far; `afterNext` holds up the next answer of a verification. */
  readonly argon2: Argon2Calls;
  /** Another isolate on the same database. */
  anotherIsolate(): Promise<Isolate>;
  call: Isolate["call"];
  /** Registers and answers with the session. */
  register(
    username: string,
    more?: Record<string, unknown>,
  ): Promise<SignedIn>;
  login(login: string, more?: Record<string, unknown>): Promise<SignedIn>;
}

interface Argon2Calls {
  hashes: number;
  verifications: number;
  afterNext?: (() => Promise<void>) | undefined;
}

export interface Isolate {
  /** Sends a request to `/api/v1`, with a JSON body and an access token where given. */
  call(
    method: string,
    path: string,
    options?: {
      body?: unknown;
      token?: string;
      headers?: Record<string, string>;
    },
  ): Promise<Response>;
}

export const password = "correct horse battery";

const keys = parseKeyList(newKeyEntry("k1"));
const plenty: Rate = { burst: 10_000, perSecond: 10_000 };

export async function startAccounts(
  { perIp = plenty, perName = plenty } = {},
): Promise<TestService> {
  const { database: db, ...test } = await testDatabase();
  const clock = { ms: Date.UTC(2026, 0, 1) };
  const events: Announced[] = [];
  const deleted: UserId[] = [];
  const counted: Argon2Calls = { hashes: 0, verifications: 0 };

  async function argon2(): Promise<Argon2> {
    const { hash, verify } = await import("@node-rs/argon2");
    return {
      hash(...args) {
        counted.hashes++;
        return hash(...args);
      },
      async verify(...args) {
        counted.verifications++;
        const { afterNext } = counted;
        counted.afterNext = undefined;
        const isRight = await verify(...args);
        await afterNext?.();
        return isRight;
      },
    };
  }

  async function isolate(): Promise<Isolate & { accounts: Accounts }> {
    const limit = (rate: Rate) => createRateLimit(rate, () => clock.ms);
    const changes = createChanges({
      db,
      announce: (announced) => events.push(...announced),
      now: () => new Date(clock.ms),
    });
    const accounts = createAccounts({
      db,
      changes,
      passwords: createPasswords({ argon2 }),
      accessTokens: await createAccessTokens({
        keys,
        issuer: "https://parley.example",
        audience: "parley",
        clock: () => clock.ms,
      }),
      clock: () => clock.ms,
      newId: uuidv7,
      onPrivacy: () => {},
      onDeleted: (userId) => deleted.push(userId),
    });
    const router = createFrontDoor({
      log: createLog({ level: "error" }),
      https: true,
      trustedProxies: 0,
      perIp: limit(plenty),
    });
    const bearer = createBearer({
      authenticate: accounts.authenticate,
      recognise: accounts.recognise,
      perDevice: limit(plenty),
    });
    router.route(
      "/api/v1",
      accountRoutes({
        accounts,
        bearer,
        limits: { perIp: limit(perIp), perName: limit(perName) },
      }),
    );
    const contacts = createContacts({
      db,
      changes,
      accounts,
      ring: () => {},
      requests: limit(plenty),
    });
    router.route("/api/v1", contactRoutes(contacts, bearer));
    return {
      accounts,
      async call(method, path, { body, token, headers = {} } = {}) {
        return await router.request(`/api/v1${path}`, {
          method,
          headers: {
            ...(body === undefined
              ? {}
              : { "content-type": "application/json" }),
            ...(token === undefined
              ? {}
              : { authorization: `Bearer ${token}` }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      },
    };
  }

  const { accounts, call } = await isolate();
  return {
    accounts,
    call,
    db,
    clock,
    events,
    deleted,
    argon2: counted,
    anotherIsolate: isolate,
    register: async (username, more = {}) =>
      await answer(
        await call("POST", "/auth/register", {
          body: { username, password, ...more },
        }),
        201,
      ),
    login: async (login, more = {}) =>
      await answer(
        await call("POST", "/auth/login", {
          body: { login, password, ...more },
        }),
        200,
      ),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

/** The body of an answer that has to have this status. */
export async function answer<T>(
  response: Response,
  status = 200,
): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return text === "" ? undefined as T : JSON.parse(text);
}

/** Fails unless the answer is this problem. */
export async function refused(
  response: Response,
  code: string,
): Promise<void> {
  const document = await response.json();
  assert.equal(document.code, code, JSON.stringify(document));
}
