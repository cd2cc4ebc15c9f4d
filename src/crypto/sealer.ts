import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { associatedData, type Bytes, decrypt, encrypt } from "./aead.ts";
import { newDataKey, type StoredKey, unwrapDataKey } from "./data_keys.ts";
import { createKeyCache, type KeyCacheParts } from "./key_cache.ts";

/** Sealed content and the version of the chat's data key that opens it. */
export interface Sealed {
  readonly keyVersion: number;
  readonly sealed: Uint8Array;
}

/** Where sealed content stands. It opens there and nowhere else. */
export interface SealedMessage extends Sealed {
  readonly chatId: ChatId;
  readonly messageId: MessageId;
}

/** A sealed draft and whose it is. It opens for that person's place alone. */
export interface SealedDraft extends Sealed {
  readonly chatId: ChatId;
  readonly userId: UserId;
}

/** Only what is at hand may be used, and the key is not. */
export class KeyNotAtHand extends Error {
  override readonly name = "KeyNotAtHand";
}

/** Seals for one chat on the spot. */
export type SealNow = (messageId: MessageId, plaintext: string) => Sealed;

/**
 * Seals message content with the data keys of its chat: AES-256-GCM, a fresh nonce each time, and
 * the chat, the message and the key version as associated data.
 */
export interface Sealer {
  /** The first key of a new chat, to be stored with it. It seals once it can be loaded. */
  newDataKey(chatId: ChatId): Promise<StoredKey>;
  /** Seals with the chat's newest key. Rejects with `not_found` where the chat has none. */
  seal(
    chatId: ChatId,
    messageId: MessageId,
    plaintext: string,
  ): Promise<Sealed>;
  /**
   * The same in two steps, where what is to be sealed is only known under a lock: gets the chat's newest
   * key, which then seals on the spot.
   */
  sealing(
    chatId: ChatId,
    messageId: MessageId,
  ): Promise<(plaintext: string) => Sealed>;
  /**
   * The same for any messages of one chat; for one that is about to be made, its first key is given.
   * Rejects with `not_found` where there is none.
   */
  sealingIn(chatId: ChatId, first?: StoredKey): Promise<SealNow>;
  /**
   * Keeps the chat's keys at hand for `openKept`. One without keys stays without them, which is no
   * error: it was deleted.
   */
  keepKeys(chatId: ChatId): Promise<void>;
  /**
   * Opens in a transaction, which may ask the database for nothing beside it: with one session, as the
   * embedded database has, it would wait for itself. Rejects with `KeyNotAtHand` where `keepKeys` found
   * none, else as `open` does.
   */
  openKept(message: SealedMessage): Promise<string>;
  /** Rejects when the content was changed, or belongs to another chat, message or key. */
  open(message: SealedMessage): Promise<string>;
  /** What one person drafts in a chat, with the chat's newest key. */
  sealDraft(chatId: ChatId, userId: UserId, plaintext: string): Promise<Sealed>;
  openDraft(draft: SealedDraft): Promise<string>;
  /** Opens a page; its chats' keys are loaded with one call. */
  openAll(messages: readonly SealedMessage[]): Promise<string[]>;
}

export function createSealer(parts: KeyCacheParts): Sealer {
  const cache = createKeyCache(parts);
  const utf8 = new TextEncoder();
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  const place = (chatId: ChatId, messageId: MessageId, keyVersion: number) =>
    associatedData("message", chatId, messageId, keyVersion);

  const draftPlace = (chatId: ChatId, userId: UserId, keyVersion: number) =>
    associatedData("draft", chatId, userId, keyVersion);

  async function openingKey(chatId: ChatId, keyVersion: number) {
    const cached = await cache.keysOf(chatId);
    const key = cached.byVersion.get(keyVersion) ??
      // Another isolate may have made a newer version since.
      (await cache.refresh(chatId)).byVersion.get(keyVersion);
    if (key) return key;
    throw new Error(
      `Cannot open content of chat ${chatId}: its data key ${keyVersion} is missing`,
    );
  }

  function openWith(
    key: Bytes,
    { chatId, messageId, keyVersion, sealed }: SealedMessage,
  ): string {
    const aad = place(chatId, messageId, keyVersion);
    try {
      return text.decode(decrypt(key, sealed, aad));
    } catch (cause) {
      throw new Error(
        `Cannot open message ${messageId} of chat ${chatId}: its content or its place was changed`,
        { cause },
      );
    }
  }

  const open = async (message: SealedMessage) =>
    openWith(await openingKey(message.chatId, message.keyVersion), message);

  function openKept(message: SealedMessage): string {
    const { chatId, keyVersion } = message;
    const key = cache.atHand(chatId)?.byVersion.get(keyVersion);
    if (key) return openWith(key, message);
    throw new KeyNotAtHand(
      `The data key ${keyVersion} of chat ${chatId} is not at hand`,
    );
  }

  async function newestKey(chatId: ChatId) {
    const { newest, byVersion } = await cache.keep(chatId);
    const key = byVersion.get(newest);
    if (!key) throw new Problem("not_found");
    return { key, keyVersion: newest };
  }

  async function sealingIn(
    chatId: ChatId,
    first?: StoredKey,
  ): Promise<SealNow> {
    const { key, keyVersion } = first
      ? {
        key: await unwrapDataKey(parts.masterKeys, first),
        keyVersion: first.keyVersion,
      }
      : await newestKey(chatId);
    return (messageId, plaintext) => {
      const aad = place(chatId, messageId, keyVersion);
      const sealed = encrypt(key, utf8.encode(plaintext), aad);
      return { keyVersion, sealed };
    };
  }

  async function sealing(chatId: ChatId, messageId: MessageId) {
    const seal = await sealingIn(chatId);
    return (plaintext: string) => seal(messageId, plaintext);
  }

  return {
    newDataKey: (chatId) => newDataKey(parts.masterKeys, chatId),
    sealing,
    sealingIn,
    seal: async (chatId, messageId, plaintext) =>
      (await sealingIn(chatId))(messageId, plaintext),

    async keepKeys(chatId) {
      await cache.keep(chatId);
    },

    open,
    openKept: (message) => Promise.try(openKept, message),

    async sealDraft(chatId, userId, plaintext) {
      const { key, keyVersion } = await newestKey(chatId);
      const aad = draftPlace(chatId, userId, keyVersion);
      return { keyVersion, sealed: encrypt(key, utf8.encode(plaintext), aad) };
    },
    async openDraft({ chatId, userId, keyVersion, sealed }) {
      const key = await openingKey(chatId, keyVersion);
      const aad = draftPlace(chatId, userId, keyVersion);
      try {
        return text.decode(decrypt(key, sealed, aad));
      } catch (cause) {
        throw new Error(
          `Cannot open a draft by ${userId} in chat ${chatId}: it or its place was changed`,
          { cause },
        );
      }
    },
    openAll: (messages) => Promise.all(messages.map(open)),
  };
}
