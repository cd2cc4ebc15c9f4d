/** Keys by their ids, in the order given: the first one seals or signs, all of them open or verify. */
export type KeyList = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const keyBytes = 32;

/**
 * Reads `id:base64,id:base64,…`, each of 32 bytes (MASTER_KEYS and JWT_KEYS).
 * Throws an Error whose message says what is wrong without repeating a key.
 */
export function parseKeyList(text: string): KeyList {
  const keys = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const colon = entry.indexOf(":");
    const id = entry.slice(0, colon);
    if (colon < 1 || !/^[A-Za-z0-9_.-]{1,64}$/.test(id)) {
      throw new Error(
        "Cannot read a key: it is not id:base64, with an id of 1 to 64 letters, digits, '_', '.' and '-'",
      );
    }
    if (keys.has(id)) throw new Error(`Cannot use the key '${id}' twice`);
    keys.set(id, decode(id, entry.slice(colon + 1)));
  }
  if (keys.size === 0) throw new Error("Cannot do without any key");
  return keys;
}

/** One entry of a list, with a fresh random key. */
export function newKeyEntry(id: string): string {
  return `${id}:${crypto.getRandomValues(new Uint8Array(keyBytes)).toBase64()}`;
}

function decode(id: string, base64: string): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = Uint8Array.fromBase64(base64);
  } catch {
    // Told below, without the key.
  }
  if (bytes?.length !== keyBytes) {
    throw new Error(
      `Cannot open the key '${id}': it is not ${keyBytes} bytes of base64`,
    );
  }
  return bytes;
}
