import type { KeyList } from "../lib/key_list.ts";

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The public key as a JWK (RFC 8037). */
  readonly jwk: PublicJwk;
}

export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
}

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const pkcs8Prefix = Uint8Array.fromHex("302e020100300506032b657004220420");

/** Ed25519 key pairs from their 32-byte private keys, in the order of the list. */
export function importSigningKeys(list: KeyList): Promise<SigningKey[]> {
  return Promise.all(
    [...list].map(([kid, seed]) => importSigningKey(kid, seed)),
  );
}

async function importSigningKey(
  kid: string,
  seed: Uint8Array,
): Promise<SigningKey> {
  const pkcs8 = new Uint8Array([...pkcs8Prefix, ...seed]);
  const readable = await crypto.subtle.importKey(
    "pkcs8",
    pkcs8,
    "Ed25519",
    true,
    ["sign"],
  );
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  const jwk: PublicJwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: x!,
    kid,
    use: "sig",
    alg: "EdDSA",
  };
  return {
    kid,
    jwk,
    privateKey: await crypto.subtle.importKey(
      "pkcs8",
      pkcs8,
      "Ed25519",
      false,
      ["sign"],
    ),
    publicKey: await crypto.subtle.importKey(
      "jwk",
      { kty: jwk.kty, crv: jwk.crv, x: jwk.x },
      "Ed25519",
      false,
      ["verify"],
    ),
  };
}
