import type { KeyList } from "../lib/key_list.ts";
import { type Bytes, decrypt, encrypt } from "./aead.ts";

/** A data key that only the master key of that id can open. */
export interface WrappedKey {
  readonly masterKeyId: string;
  readonly wrapped: Uint8Array;
}

/** The keys that wrap data keys. A key management service can stand behind it. */
export interface MasterKeys {
  /** The id of the key that wraps from now on. */
  readonly current: string;
  /** Wraps with the current key. `aad` binds the result to its place. */
  wrap(dataKey: Bytes, aad: Bytes): Promise<WrappedKey>;
  /** Rejects when the master key is not there, or something was changed or moved. */
  unwrap(key: WrappedKey, aad: Bytes): Promise<Bytes>;
}

/** Master keys held in memory (AES-256-GCM): the first of the list wraps, all of them unwrap. */
export function createMasterKeys(list: KeyList): MasterKeys {
  const keys: ReadonlyMap<string, Bytes> = list;
  const current = list.keys().next().value!;

  return {
    current,

    wrap(dataKey, aad) {
      const wrapped = encrypt(keys.get(current)!, dataKey, aad);
      return Promise.resolve({ masterKeyId: current, wrapped });
    },

    unwrap: (wrapped, aad) =>
      new Promise((resolve) => resolve(open(keys, wrapped, aad))),
  };
}

function open(
  keys: ReadonlyMap<string, Bytes>,
  { masterKeyId, wrapped }: WrappedKey,
  aad: Bytes,
): Bytes {
  const key = keys.get(masterKeyId);
  if (!key) {
    throw new Error(
      `Cannot open a data key: the master key '${masterKeyId}' is not configured`,
    );
  }
  try {
    return decrypt(key, wrapped, aad);
  } catch (cause) {
    throw new Error(
      `Cannot open a data key with the master key '${masterKeyId}': one of them was changed`,
      { cause },
    );
  }
}
