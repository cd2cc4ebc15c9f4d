import type { ChatId } from "../protocol/ids.ts";
import { associatedData, type Bytes } from "./aead.ts";
import type { MasterKeys, WrappedKey } from "./master_keys.ts";

/** A data key as the database keeps it. A chat's newest key seals; all of them open. */
export interface StoredKey extends WrappedKey {
  readonly chatId: ChatId;
  readonly keyVersion: number;
}

/** A fresh data key (256 bits) of a chat, wrapped by the current master key. */
export async function newDataKey(
  masterKeys: MasterKeys,
  chatId: ChatId,
  keyVersion = 1,
): Promise<StoredKey> {
  const dataKey = crypto.getRandomValues(new Uint8Array(32));
  const wrapped = await masterKeys.wrap(dataKey, place(chatId, keyVersion));
  return { chatId, keyVersion, ...wrapped };
}

export function unwrapDataKey(
  masterKeys: MasterKeys,
  key: StoredKey,
): Promise<Bytes> {
  return masterKeys.unwrap(key, place(key.chatId, key.keyVersion));
}

/** The same data key under the current master key; what it has sealed stays as it is. */
export async function rewrapDataKey(
  masterKeys: MasterKeys,
  key: StoredKey,
): Promise<StoredKey> {
  const dataKey = await unwrapDataKey(masterKeys, key);
  const { chatId, keyVersion } = key;
  const wrapped = await masterKeys.wrap(dataKey, place(chatId, keyVersion));
  return { chatId, keyVersion, ...wrapped };
}

/** A wrapped key moved to another chat or version does not open. */
const place = (chatId: ChatId, keyVersion: number): Bytes =>
  associatedData("data key", chatId, keyVersion);
