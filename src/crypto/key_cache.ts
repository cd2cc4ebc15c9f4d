import { LRUCache } from "lru-cache";
import type { ChatId } from "../protocol/ids.ts";
import type { Bytes } from "./aead.ts";
import { type StoredKey, unwrapDataKey } from "./data_keys.ts";
import type { MasterKeys } from "./master_keys.ts";

/** The open data keys of one chat. */
export interface ChatKeys {
  /** The version that seals; 0 when the chat has no key. */
  readonly newest: number;
  readonly byVersion: ReadonlyMap<number, Bytes>;
}

export interface KeyCacheParts {
  readonly masterKeys: MasterKeys;
  /** Every stored key of the named chats. */
  readonly loadKeys: (chatIds: readonly ChatId[]) => Promise<StoredKey[]>;
  /** Chats whose keys are kept open at most. */
  readonly chats?: number;
  /** Milliseconds after which a chat's keys are read again, so that a new version is noticed. */
  readonly ttlMs?: number;
}

/** How long kept keys last at least: far longer than a transaction. */
const keptMs = 60_000;

export interface KeyCache {
  keysOf(chatId: ChatId): Promise<ChatKeys>;
  /** The same, and for the next minute `keysOf` has them without asking. */
  keep(chatId: ChatId): Promise<ChatKeys>;
  /** What is at hand on the spot, also while it is being read again; never asks the database. */
  atHand(chatId: ChatId): ChatKeys | undefined;
  /** Reads the chat's keys again, whatever is cached. */
  refresh(chatId: ChatId): Promise<ChatKeys>;
}

/**
 * Open data keys, bounded in number and age. Chats asked for in the same turn of the event loop are
 * loaded with one call; one chat asked for many times is loaded once. Failures and chats without a
 * key are not remembered.
 */
export function createKeyCache(
  { masterKeys, loadKeys, chats = 10_000, ttlMs = 600_000 }: KeyCacheParts,
): KeyCache {
  const cache = new LRUCache<ChatId, Cached>({
    max: chats,
    ttl: ttlMs,
    // Asks the clock each time; otherwise a timer, which nobody owns, remembers the time for 1 ms.
    ttlResolution: 0,
  });
  let gathering: { chatIds: ChatId[]; loaded: Promise<Loaded> } | undefined;

  function load(chatId: ChatId): Promise<Loaded> {
    if (!gathering) {
      const chatIds: ChatId[] = [];
      gathering = { chatIds, loaded: loadTogether(chatIds) };
    }
    gathering.chatIds.push(chatId);
    return gathering.loaded;
  }

  async function loadTogether(chatIds: ChatId[]): Promise<Loaded> {
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    gathering = undefined;
    return Map.groupBy(await loadKeys(chatIds), (key) => key.chatId);
  }

  async function openKeys(chatId: ChatId): Promise<ChatKeys> {
    const stored = (await load(chatId)).get(chatId) ?? [];
    const byVersion = new Map(
      await Promise.all(stored.map(async (key) => {
        const open = await unwrapDataKey(masterKeys, key);
        return [key.keyVersion, open] as const;
      })),
    );
    return { newest: Math.max(0, ...byVersion.keys()), byVersion };
  }

  function refresh(chatId: ChatId): Promise<ChatKeys> {
    const keys = openKeys(chatId);
    const cached: Cached = { keys, open: cache.peek(chatId)?.open };
    cache.set(chatId, cached);
    const forget = () => {
      if (cache.peek(chatId) === cached) cache.delete(chatId);
    };
    keys.then((open) => {
      if (open.newest === 0) return forget();
      cached.open = open;
      // Asked for once more meanwhile: until that comes, these are at hand.
      const newer = cache.peek(chatId);
      if (newer) newer.open ??= open;
    }, forget);
    return keys;
  }

  return {
    keysOf: (chatId) => cache.get(chatId)?.keys ?? refresh(chatId),
    keep: (chatId) =>
      (cache.getRemainingTTL(chatId) < keptMs
        ? undefined
        : cache.get(chatId)?.keys) ?? refresh(chatId),
    atHand: (chatId) => cache.get(chatId)?.open,
    refresh,
  };
}

interface Cached {
  readonly keys: Promise<ChatKeys>;
  /** The same once they are there; until then those before them. */
  open: ChatKeys | undefined;
}

type Loaded = Map<ChatId, StoredKey[]>;
