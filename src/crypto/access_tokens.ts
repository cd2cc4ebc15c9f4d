import type { JWTPayload } from "jose";
// Not the whole of jose, which loads everything for encryption too.
import { JWTExpired } from "jose/errors";
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { LRUCache } from "lru-cache";
import type { Clock } from "../lib/clock.ts";
import type { KeyList } from "../lib/key_list.ts";
import { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { importSigningKeys, type PublicJwk } from "./signing_keys.ts";

/** What a valid access token says. */
export interface AccessClaims {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly expiresAt: Date;
  readonly jti: string;
}

export interface AccessTokens {
  issue(
    userId: UserId,
    deviceId: DeviceId,
  ): Promise<{ accessToken: string; expiresAt: Date }>;
  /**
   * Rejects with `token_expired`, or with `unauthenticated` for anything else that is wrong. Says
   * nothing about the device: it may have been revoked since.
   */
  verify(token: string): Promise<AccessClaims>;
  /** The public keys (RFC 7517, section 5). */
  jwks(): { keys: PublicJwk[] };
}

export interface AccessTokensOptions {
  /** Ed25519 private keys: the first signs, all of them verify. */
  readonly keys: KeyList;
  /** Who issues the tokens (`iss`), and for whom (`aud`). */
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeMs?: number;
  readonly clock?: Clock;
}

/** Header, claims and signature in base64url without padding: of one token there is one spelling. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]{86}$/;

/** JWTs signed with Ed25519 (RFC 7519, RFC 8037). */
export async function createAccessTokens({
  keys,
  issuer,
  audience,
  lifetimeMs = 15 * 60_000,
  clock = Date.now,
}: AccessTokensOptions): Promise<AccessTokens> {
  const pairs = await importSigningKeys(keys);
  const byKid = new Map(pairs.map((pair) => [pair.kid, pair]));
  const signing = pairs[0]!;
  /** Verifying a signature takes 0.1 to 0.2 ms, and every request brings its token again. */
  const verified = new LRUCache<string, AccessClaims>({ max: 10_000 });

  async function verifySigned(token: string): Promise<AccessClaims> {
    if (!compact.test(token)) throw new Problem("unauthenticated");
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const pair = byKid.get(kid ?? "");
          if (!pair) throw new Problem("unauthenticated");
          return pair.publicKey;
        },
        {
          algorithms: ["EdDSA"],
          typ: "JWT",
          issuer,
          audience,
          currentDate: new Date(clock()),
          requiredClaims: ["sub", "sid", "iat", "exp", "jti"],
        },
      );
      return claims(payload);
    } catch (error) {
      throw asProblem(error);
    }
  }

  return {
    async issue(userId, deviceId) {
      const issuedAt = Math.floor(clock() / 1000);
      const expiresAt = issuedAt + Math.floor(lifetimeMs / 1000);
      const accessToken = await new SignJWT({ sid: deviceId })
        .setProtectedHeader({ alg: "EdDSA", kid: signing.kid, typ: "JWT" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .setJti(crypto.randomUUID())
        .sign(signing.privateKey);
      return { accessToken, expiresAt: new Date(expiresAt * 1000) };
    },

    async verify(token) {
      const known = verified.get(token);
      if (known) {
        if (known.expiresAt.getTime() > clock()) return known;
        throw new Problem("token_expired");
      }
      const claims = await verifySigned(token);
      verified.set(token, claims);
      return claims;
    },

    jwks: () => ({ keys: pairs.map(({ jwk }) => jwk) }),
  };
}

function claims({ sub, sid, exp, jti }: JWTPayload): AccessClaims {
  return {
    userId: UserId.parse(sub),
    deviceId: DeviceId.parse(sid),
    expiresAt: new Date(exp! * 1000),
    jti: jti!,
  };
}

function asProblem(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  const expired = cause instanceof JWTExpired;
  return new Problem(
    expired ? "token_expired" : "unauthenticated",
    {},
    { cause },
  );
}
