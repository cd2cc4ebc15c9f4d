import assert from "node:assert/strict";
import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT } from "jose";
import { createAccessTokens } from "../../src/crypto/access_tokens.ts";
import { importSigningKeys } from "../../src/crypto/signing_keys.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";

const [k1, k2] = [newKeyEntry("k1"), newKeyEntry("k2")];
const userId = crypto.randomUUID() as UserId;
const deviceId = crypto.randomUUID() as DeviceId;
const start = Date.UTC(2026, 0, 1);

function tokens(keys = k1, now = { ms: start }) {
  return createAccessTokens({
    keys: parseKeyList(keys),
    issuer: "https://parley.example",
    audience: "parley",
    clock: () => now.ms,
  });
}

const claims = {
  iss: "https://parley.example",
  aud: "parley",
  sub: userId,
  sid: deviceId,
  iat: start / 1000,
  exp: start / 1000 + 900,
  jti: crypto.randomUUID(),
};
const header = { alg: "EdDSA", kid: "k1", typ: "JWT" };

async function signed(
  payload: Record<string, unknown>,
  protectedHeader: { alg: string } & Record<string, unknown> = header,
  key?: CryptoKey | Uint8Array,
): Promise<string> {
  const [pair] = await importSigningKeys(parseKeyList(k1));
  return await new SignJWT(payload).setProtectedHeader(protectedHeader)
    .sign(key ?? pair!.privateKey);
}

const base64url = (value: unknown) =>
  new TextEncoder().encode(
    typeof value === "string" ? value : JSON.stringify(value),
  ).toBase64({ alphabet: "base64url", omitPadding: true });

Deno.test("issue() makes a token of 15 minutes that verify() reads", async () => {
  const access = await tokens();
  const { accessToken, expiresAt } = await access.issue(userId, deviceId);
  assert.equal(expiresAt.getTime(), start + 15 * 60_000);
  const verified = await access.verify(accessToken);
  const { jti, ...rest } = verified;
  assert.deepEqual(rest, { userId, deviceId, expiresAt });
  assert.deepEqual(
    Object.keys(decodeJwt(accessToken)).sort(),
    ["aud", "exp", "iat", "iss", "jti", "sid", "sub"],
  );
  assert.match(jti, /^[0-9a-f-]{36}$/);
});

Deno.test("the JWKS verifies tokens without us", async () => {
  const access = await tokens(`${k2},${k1}`);
  const { accessToken } = await access.issue(userId, deviceId);
  const jwks = access.jwks();
  assert.deepEqual(jwks.keys.map(({ kid }) => kid), ["k2", "k1"]);
  assert.ok(jwks.keys.every((key) => !("d" in key)));
  const { protectedHeader } = await jwtVerify(
    accessToken,
    createLocalJWKSet(jwks),
    { currentDate: new Date(start) },
  );
  assert.equal(protectedHeader.kid, "k2");
});

Deno.test("an old key verifies while it is listed, and no longer", async () => {
  const { accessToken } = await (await tokens(k1)).issue(userId, deviceId);
  const rotated = await tokens(`${k2},${k1}`);
  assert.equal((await rotated.verify(accessToken)).userId, userId);
  const gone = await tokens(k2);
  await assert.rejects(gone.verify(accessToken), { code: "unauthenticated" });
});

Deno.test("verify() says token_expired from the second of expiry on, also of a token it knows", async () => {
  const now = { ms: start };
  const access = await tokens(k1, now);
  const { accessToken, expiresAt } = await access.issue(userId, deviceId);
  now.ms = expiresAt.getTime() - 1;
  await access.verify(accessToken);
  now.ms = expiresAt.getTime();
  await assert.rejects(access.verify(accessToken), { code: "token_expired" });
  const stranger = await tokens(k1, now);
  await assert.rejects(stranger.verify(accessToken), { code: "token_expired" });
});

Deno.test("verify() refuses every token it did not make", async () => {
  const access = await tokens();
  const good = await signed(claims);
  await (await tokens()).verify(good);
  const [head, body, signature] = good.split(".") as [string, string, string];
  const stranger =
    (await importSigningKeys(parseKeyList(newKeyEntry("k1"))))[0]!;
  const publicKey = new TextEncoder().encode(
    JSON.stringify(access.jwks().keys[0]),
  );
  const without = (claim: keyof typeof claims) => {
    const { [claim]: _, ...rest } = claims;
    return signed(rest);
  };
  const cases: Record<string, string> = {
    "nothing": "",
    "no token": "hello",
    "two parts": `${head}.${body}`,
    "four parts": `${good}.x`,
    "alg none": `${base64url({ alg: "none", typ: "JWT" })}.${body}.`,
    "alg none with a signature": `${
      base64url({ ...header, alg: "none" })
    }.${body}.${signature}`,
    "a public key as HMAC secret": await signed(claims, {
      ...header,
      alg: "HS256",
    }, publicKey),
    "another key under the same kid": await signed(
      claims,
      header,
      stranger.privateKey,
    ),
    "an unknown kid": await signed(claims, { ...header, kid: "k9" }),
    "no kid": await signed(claims, { alg: "EdDSA", typ: "JWT" }),
    "another typ": await signed(claims, { ...header, typ: "at+jwt" }),
    "a critical extension": await signed(claims, { ...header, typ: "JWT" })
      .then((token) =>
        `${base64url({ ...header, crit: ["x"], x: 1 })}.${
          token.split(".").slice(1).join(".")
        }`
      ),
    "changed claims": `${head}.${
      base64url({ ...claims, sub: crypto.randomUUID() })
    }.${signature}`,
    "another issuer": await signed({ ...claims, iss: "https://evil.example" }),
    "another audience": await signed({ ...claims, aud: "others" }),
    "a user that is no id": await signed({ ...claims, sub: "me" }),
    "no user": await without("sub"),
    "no device": await without("sid"),
    "no expiry": await without("exp"),
    "no time of issue": await without("iat"),
    "no jti": await without("jti"),
    "padding": `${good}==`,
    "padding inside": `${head}=.${body}.${signature}`,
    "a space": `${head}. ${body}.${signature}`,
    "a space at the end": `${good} `,
    "a line break": `${head}.${body}.\n${signature}`,
    "standard base64": good.replaceAll("_", "/").replaceAll("-", "+") + "+",
  };
  for (const [name, token] of Object.entries(cases)) {
    await assert.rejects(
      access.verify(token),
      { code: "unauthenticated" },
      name,
    );
  }
});
