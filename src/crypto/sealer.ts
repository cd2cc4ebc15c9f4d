import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { associatedData, decrypt, encrypt } from "./aead.ts";
import { newDataKey, type StoredKey } from "./data_keys.ts";
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

/** A sealed draft and whose it is. */
export interface SealedDraft extends Sealed {
  readonly chatId: ChatId;
  readonly userId: UserId;
}

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
   * Keeps the chat's keys at hand, so that what is opened in a transaction asks the database for
   * nothing beside it: with one session, as the embedded database has, it would wait for itself.
   */
  keepKeys(chatId: ChatId): Promise<void>;
  /** Rejects when the content was changed, or belongs to another chat, message or key. */
  open(message: SealedMessage): Promise<string>;
  /** The same for what one person drafts in a chat; it opens for that person's place alone. */
  sealDraft(chatId: ChatId, userId: UserId, plaintext: string): Promise<Sealed>;
  openDraft(draft: SealedDraft): Promise<string>;
  /** Opens a page; its chats' keys are loaded with one call. */
  openAll(messages: readonly SealedMessage[]): Promise<string[]>;
}

export function createSealer(parts: KeyCacheParts): Sealer {
  const cache = createKeyCache(parts);
  const utf8 = new TextEncoder();
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** What is sealed, for whom or where: part of the associated data. */
  type Place =
    & { readonly chatId: ChatId }
    & ({ readonly messageId: MessageId } | { readonly userId: UserId });

  const bind = ({ chatId, ...place }: Place, keyVersion: number) =>
    "messageId" in place
      ? associatedData("message", chatId, place.messageId, keyVersion)
      : associatedData("draft", chatId, place.userId, keyVersion);

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

  async function openAt(
    place: Place,
    { keyVersion, sealed }: Sealed,
    what: string,
  ): Promise<string> {
    const { chatId } = place;
    const key = await openingKey(chatId, keyVersion);
    try {
      return text.decode(decrypt(key, sealed, bind(place, keyVersion)));
    } catch (cause) {
      throw new Error(
        `Cannot open ${what} of chat ${chatId}: its content or its place was changed`,
        { cause },
      );
    }
  }

  const open = ({ chatId, messageId, ...sealed }: SealedMessage) =>
    openAt({ chatId, messageId }, sealed, `message ${messageId}`);

  async function sealingAt(place: Place) {
    const { newest, byVersion } = await cache.keep(place.chatId);
    const key = byVersion.get(newest);
    if (!key) throw new Problem("not_found");
    const aad = bind(place, newest);
    return (plaintext: string): Sealed => ({
      keyVersion: newest,
      sealed: encrypt(key, utf8.encode(plaintext), aad),
    });
  }

  return {
    newDataKey: (chatId) => newDataKey(parts.masterKeys, chatId),

    seal: async (chatId, messageId, plaintext) =>
      (await sealingAt({ chatId, messageId }))(plaintext),
    sealing: (chatId, messageId) => sealingAt({ chatId, messageId }),
    sealDraft: async (chatId, userId, plaintext) =>
      (await sealingAt({ chatId, userId }))(plaintext),
    openDraft: ({ chatId, userId, ...sealed }) =>
      openAt({ chatId, userId }, sealed, `a draft by ${userId}`),

    async keepKeys(chatId) {
      await cache.keep(chatId);
    },

    open,
    openAll: (messages) => Promise.all(messages.map(open)),
  };
}
