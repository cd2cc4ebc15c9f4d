import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  hashRefreshToken,
  newRefreshToken,
} from "../../src/crypto/refresh_tokens.ts";

Deno.test("a refresh token has 256 bits, and only its SHA-256 is kept", async () => {
  const { token, tokenHash } = await newRefreshToken();
  assert.equal(
    Uint8Array.fromBase64(token, { alphabet: "base64url" }).length,
    32,
  );
  const sha256 = createHash("sha256").update(token).digest("hex");
  assert.equal(tokenHash.toHex(), sha256);
  assert.deepEqual(await hashRefreshToken(token), tokenHash);
  assert.notEqual((await newRefreshToken()).token, token);
});
