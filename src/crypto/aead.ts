/** AES-256-GCM (NIST SP 800-38D) as it is stored: a fresh 96-bit nonce, the ciphertext, the 128-bit tag. */

const nonceBytes = 12;

export type Bytes = Uint8Array<ArrayBuffer>;

/** Makes a key that can seal and open, and cannot be read back. */
export function importKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

export async function encrypt(
  key: CryptoKey,
  plaintext: Bytes,
  additionalData: Bytes,
): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const algorithm = { name: "AES-GCM", iv, additionalData };
  const ciphertext = await crypto.subtle.encrypt(algorithm, key, plaintext);
  const sealed = new Uint8Array(nonceBytes + ciphertext.byteLength);
  sealed.set(iv);
  sealed.set(new Uint8Array(ciphertext), nonceBytes);
  return sealed;
}

/** Rejects when the bytes, the key or the associated data are not those it was sealed with. */
export async function decrypt(
  key: CryptoKey,
  sealed: Uint8Array,
  additionalData: Bytes,
): Promise<Bytes> {
  const iv = sealed.slice(0, nonceBytes);
  const algorithm = { name: "AES-GCM", iv, additionalData };
  const ciphertext = sealed.slice(nonceBytes);
  return new Uint8Array(
    await crypto.subtle.decrypt(algorithm, key, ciphertext),
  );
}

const utf8 = new TextEncoder();

/**
 * What something is and where it stands, as associated data. No part holds a slash (they are fixed
 * words, UUIDs and numbers), so two different places never read alike.
 */
export const associatedData = (...place: (string | number)[]): Bytes =>
  utf8.encode(`parley/${place.join("/")}`);
