import { hkdfSync } from "node:crypto";
import type { KeyList } from "../lib/key_list.ts";
import { associatedData, type Bytes, decrypt, encrypt } from "./aead.ts";

/** Seals short-lived text that leaves the process, under keys of its own. */
export interface TextSealer {
  /** `keyId.base64`: printable ASCII without commas and white space. */
  seal(text: string): string;
  /** Throws for what was not sealed for the same purpose, or with a key that is not there. */
  open(sealed: string): string;
}

const keyBytes = 32;
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() };

/**
 * A key for the purpose follows from each master key (HKDF-SHA-256, RFC 5869): the first of the list
 * seals, all of them open. One that seals text therefore opens no message, and the other way round.
 */
export function createTextSealer(list: KeyList, purpose: string): TextSealer {
  const aad = associatedData(purpose);
  const keys = new Map<string, Bytes>(
    [...list].map(([id, key]) => [
      id,
      new Uint8Array(
        hkdfSync("sha256", key, new Uint8Array(), aad, keyBytes),
      ),
    ]),
  );
  const [current] = keys.keys();

  return {
    seal(text) {
      const sealed = encrypt(
        keys.get(current!)!,
        utf8.encoder.encode(text) as Bytes,
        aad,
      );
      return `${current}.${sealed.toBase64()}`;
    },
    open(sealed) {
      // Key ids may hold dots, base64 does not.
      const dot = sealed.lastIndexOf(".");
      const id = sealed.slice(0, Math.max(dot, 0));
      const key = keys.get(id);
      if (!key) {
        throw new Error(`Cannot open a text: there is no master key '${id}'`);
      }
      const bytes = Uint8Array.fromBase64(sealed.slice(dot + 1));
      return utf8.decoder.decode(decrypt(key, bytes, aad));
    },
  };
}
