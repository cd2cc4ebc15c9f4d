import { createCipheriv, createDecipheriv } from "node:crypto";

/**
 * AES-256-GCM (NIST SP 800-38D) as it is stored: a fresh 96-bit nonce, the ciphertext, the 128-bit tag.
 *
 * It runs on the spot: a message is so small that handing it to a thread of Web Crypto cost four times
 * the processor time of sealing it.
 */
const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

export type Bytes = Uint8Array<ArrayBuffer>;

export function encrypt(
  key: Bytes,
  plaintext: Bytes,
  additionalData: Bytes,
): Bytes {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(additionalData);
  const sealed = new Uint8Array(nonceBytes + plaintext.length + tagBytes);
  sealed.set(nonce);
  sealed.set(cipher.update(plaintext), nonceBytes);
  cipher.final();
  sealed.set(cipher.getAuthTag(), nonceBytes + plaintext.length);
  return sealed;
}

/** Throws when the bytes, the key or the associated data are not those it was sealed with. */
export function decrypt(
  key: Bytes,
  sealed: Uint8Array,
  additionalData: Bytes,
): Bytes {
  if (sealed.length < nonceBytes + tagBytes) {
    throw new RangeError("Cannot open what is shorter than a nonce and a tag");
  }
  const nonce = sealed.slice(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.slice(-tagBytes));
  const plaintext = decipher.update(sealed.slice(nonceBytes, -tagBytes));
  decipher.final();
  return new Uint8Array(plaintext);
}

const utf8 = new TextEncoder();

/**
 * What something is and where it stands, as associated data. No part holds a slash (they are fixed
 * words, UUIDs and numbers), so two different places never read alike.
 */
export const associatedData = (...place: (string | number)[]): Bytes =>
  utf8.encode(`parley/${place.join("/")}`);
