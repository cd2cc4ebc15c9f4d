import type { SweptHead } from "../changes/mod.ts";
import type { AccountCatchUp, ChatCatchUp } from "../inbox/mod.ts";
import type { Event } from "../protocol/events.ts";
import type { ChatId, DeviceId, UserId } from "../protocol/ids.ts";
import { hidesReads } from "../protocol/privacy.ts";
import type { Announcement } from "../relay/relay.ts";
import type { Interest } from "./interest.ts";
import type { Listener } from "./listener.ts";
import {
  accept,
  behind,
  createScope,
  isBehind,
  type Scope,
  skipTo,
} from "./scope.ts";
import { forgetSight, framesOf, noteSight } from "./sight.ts";
import { createTellReceipts, type SweptReceipt } from "./tell_receipts.ts";

export interface HubParts {
  readonly interest: Interest;
  catchUpChat(chatId: ChatId, rev: number): Promise<ChatCatchUp>;
  catchUpAccount(userId: UserId, rev: number): Promise<AccountCatchUp>;
  /** Called for a connection whose person is in a chat no longer, known here or not. */
  onLost(listener: Listener): void;
  /** Takes work that nobody waits for; its failure is counted and logged. */
  background(what: string, work: Promise<unknown>): void;
  /** How long a number may stay out while those after it wait, in milliseconds. */
  readonly reorderMs?: number;
  /** How long after a failed look at the database the next one follows, in milliseconds. */
  readonly retryMs?: number;
}

/**
 * Who listens to what on this isolate, and how far each scope has been delivered.
 *
 * Events come from this isolate's own commits and from the relay, which may lose, repeat or reorder
 * them: what was delivered is dropped by `rev`, and where one stays out the hub reads how far the
 * scope is instead of guessing, tells the listeners, and lets them pull. An event that ends
 * somebody's right to listen takes effect before it is passed on.
 */
export interface Hub {
  receive(announcements: readonly Announcement[]): void;
  /** Compares what the sweep found with what was delivered. */
  onHeads(heads: readonly SweptHead[]): void;
  /** Tells of those cursors that the sweep found moved and nobody has told of. */
  onReceipts(receipts: readonly SweptReceipt[]): void;
  /** Resolves once the listener gets every event of the scopes from now on. Never rejects. */
  enter(listener: Listener, scopeIds: readonly string[]): Promise<void>;
  /** Takes the listener out of scopes that it entered and has not come to know. */
  exit(listener: Listener, scopeIds: readonly string[]): void;
  /**
   * Tells where a scope stood in a snapshot that the listener took after `enter`, and up to which `seq`
   * a chat is hidden from the listener.
   */
  know(
    listener: Listener,
    scopeId: string,
    rev: number,
    hiddenUpTo?: number,
  ): void;
  /** Asks the database whether these have moved on since the hub last heard of them. */
  check(scopeIds: readonly string[]): void;
  /** Whether the listener is in the chat: then it may be heard there. */
  isIn(listener: Listener, chatId: ChatId): boolean;
  leave(listener: Listener): void;
  /** How many chats and accounts are listened to. */
  readonly scopes: number;
}

export function createHub(parts: HubParts): Hub {
  const { interest, background, reorderMs = 250, retryMs = 5000 } = parts;
  const scopes = new Map<string, Scope>();
  const entered = new Map<Listener, Set<string>>();
  const receipts = createTellReceipts(scopes);

  async function enter(listener: Listener, scopeIds: readonly string[]) {
    const mine = entered.get(listener) ?? new Set();
    entered.set(listener, mine);
    const fresh = scopeIds.filter((scopeId) => !scopes.has(scopeId));
    for (const scopeId of scopeIds) {
      const scope = scopes.get(scopeId) ??
        createScope(scopeId, scopeId === listener.userId);
      scopes.set(scopeId, scope);
      scope.listeners.set(listener, scope.listeners.get(listener) ?? 0);
      mine.add(scopeId);
    }
    await interest.take(fresh, scopeIds);
  }

  function remove(listener: Listener, scopeId: string) {
    entered.get(listener)?.delete(scopeId);
    const scope = scopes.get(scopeId);
    if (!scope?.listeners.delete(listener)) return;
    forgetSight(scope, listener.userId);
    if (scope.listeners.size > 0) return;
    clearTimeout(scope.timer);
    scopes.delete(scopeId);
    interest.drop(scopeId);
  }

  const listenersOf = (
    userId: string,
  ) => [...scopes.get(userId)?.listeners.keys() ?? []];

  /** Lets all of a person's connections into a chat that stood at `rev` when the person came. */
  function admit(
    userId: string,
    chatId: ChatId,
    rev: number,
    hiddenUpTo: number,
  ) {
    for (const listener of listenersOf(userId)) {
      const ready = enter(listener, [chatId]);
      know(listener, chatId, rev, hiddenUpTo);
      // Until the relay's announcements arrive, others may have gone on.
      background(
        "enter a chat",
        ready.then(async () => {
          const scope = scopes.get(chatId);
          if (scope) await catchUp(scope);
        }),
      );
    }
  }

  /**
   * Takes a person's connections out of a chat that the person left at `rev`; not those let in
   * since, because the account's news of coming back may overtake the chat's news of leaving.
   */
  function expel(userId: string, chatId: string, rev = Infinity) {
    const listeners = scopes.get(chatId)?.listeners;
    for (const listener of listenersOf(userId)) {
      if ((listeners?.get(listener) ?? 0) > rev) continue;
      remove(listener, chatId);
      parts.onLost(listener);
    }
  }

  function revoke(userId: string, deviceId: DeviceId) {
    for (const listener of listenersOf(userId)) {
      if (listener.deviceId === deviceId) listener.revoke();
    }
  }

  function knowHiding(userId: string, hides: boolean) {
    for (const listener of listenersOf(userId)) listener.hidesReads = hides;
  }

  /** Passes an announcement on, with what it does to who may listen. */
  function pass(scope: Scope, { rev, event, pair, by }: Announcement) {
    if (!event) return;
    if (event.type === "member.left") {
      expel(event.member.userId, event.chatId, event.rev);
    }
    if (event.type === "receipt.updated") {
      return receipts.tell(scope, event, pair ?? false);
    }
    fanOut(scope, event, rev, by);
    if (event.type === "account.updated") {
      knowHiding(scope.id, hidesReads(event.me.privacy));
    }
    if (event.type === "chat.created") {
      const { chatId, rev, chat: { group }, lastSeq } = event;
      const isOpen = group?.historyForNewcomers !== "sinceJoining";
      admit(scope.id, chatId, rev, isOpen ? 0 : lastSeq);
    } else if (
      event.type === "device.updated" && event.device.revokedAt !== null
    ) {
      revoke(scope.id, event.device.deviceId);
    } else if (event.type === "chat.deleted") {
      if (scope.isAccount) expel(scope.id, event.chatId);
      else empty(scope);
    }
  }

  function empty(scope: Scope) {
    for (const listener of [...scope.listeners.keys()]) {
      remove(listener, scope.id);
      parts.onLost(listener);
    }
  }

  /** Encoded once, whatever the number of listeners. */
  function fanOut(scope: Scope, event: Event, rev?: number, by?: UserId) {
    if (scope.listeners.size === 0) return;
    const frameFor = framesOf(scope, event, by);
    for (const [listener, since] of scope.listeners) {
      listener.deliver(scope.id, rev, frameFor(listener.userId, since));
    }
  }

  /** Gives what is missing a while to come, then looks for it in the database. */
  function wait(scope: Scope, ms = reorderMs) {
    if (scopes.get(scope.id) !== scope) return;
    scope.timer ??= setTimeout(() => {
      scope.timer = undefined;
      if (isBehind(scope)) background("catch up", catchUp(scope));
    }, ms);
  }

  /** Brings a scope to where the database is, and tells its listeners to pull. */
  async function catchUp(scope: Scope) {
    if (scope.rev === undefined || scope.catchingUp) return;
    const { rev, newest } = scope;
    scope.catchingUp = true;
    try {
      await (scope.isAccount
        ? catchUpAccount(scope, rev)
        : catchUpChat(scope, rev));
    } finally {
      scope.catchingUp = false;
      // It failed, or more came while it looked.
      if (isBehind(scope)) {
        wait(scope, scope.rev < newest ? retryMs : reorderMs);
      }
    }
  }

  async function catchUpChat(scope: Scope, from: number) {
    const chatId = scope.id as ChatId;
    const { rev, deleted, left } = await parts.catchUpChat(chatId, from);
    if (rev <= scope.rev!) return;
    left.forEach((userId) => expel(userId, chatId, rev));
    if (deleted) {
      fanOut(scope, { type: "chat.deleted", chatId, rev }, rev);
      empty(scope);
    } else {
      moveTo(scope, rev);
    }
  }

  async function catchUpAccount(scope: Scope, from: number) {
    const userId = scope.id as UserId;
    const { accountRev, joined, left, revoked, deleted, hidesReads } =
      await parts.catchUpAccount(userId, from);
    // It moved on meanwhile, or back: then it is looked at once more.
    if (accountRev <= scope.rev! || scope.rev! < from) return;
    knowHiding(userId, hidesReads);
    left.forEach((chatId) => expel(userId, chatId));
    joined.forEach(({ chatId, rev, hiddenUpTo }) =>
      admit(userId, chatId, rev, hiddenUpTo)
    );
    moveTo(scope, accountRev);
    revoked.forEach((deviceId) => revoke(userId, deviceId));
    if (deleted) listenersOf(userId).forEach((listener) => listener.revoke());
  }

  function moveTo(scope: Scope, rev: number) {
    const next = skipTo(scope, rev);
    fanOut(scope, behind(scope, rev), rev);
    next.forEach((announcement) => pass(scope, announcement));
  }

  function know(
    listener: Listener,
    scopeId: string,
    rev: number,
    hiddenUpTo = 0,
  ) {
    const scope = scopes.get(scopeId);
    if (!scope?.listeners.has(listener)) return;
    noteSight(scope, listener.userId, rev, hiddenUpTo);
    scope.listeners.set(
      listener,
      Math.max(scope.listeners.get(listener)!, rev),
    );
    if (scope.rev === undefined) {
      scope.since = rev;
      // What came meanwhile has waited for this.
      for (const next of skipTo(scope, rev)) pass(scope, next);
      if (isBehind(scope)) wait(scope);
    } // Another listener knew more: what lies between was dropped while this one looked.
    else if (rev < scope.rev) {
      listener.deliver(
        scopeId,
        scope.rev,
        JSON.stringify(behind(scope, scope.rev)),
      );
    }
  }

  /**
   * Of two that come at once the one with the newer snapshot may tell it first. What it passed over had
   * no effect on the other one yet, which may be signed out by it, or in other chats: so the account
   * goes back to where the other one stands, and is brought on from there.
   */
  function goBack(scope: Scope, rev: number) {
    scope.newest = Math.max(scope.newest, scope.rev!);
    scope.rev = scope.since = rev;
    background("catch up", catchUp(scope));
  }

  return {
    receive(announcements) {
      for (const announcement of announcements) {
        const scope = scopes.get(announcement.scopeId);
        // Who came and went is not the account's own news.
        if (!scope || announcement.audience === "presence") continue;
        for (const next of accept(scope, announcement)) pass(scope, next);
        if (!isBehind(scope)) continue;
        // Where the driver had no room for the event, it will not come.
        if (announcement.event) wait(scope);
        else background("catch up", catchUp(scope));
      }
    },
    onHeads(heads) {
      for (const { scopeId, rev } of heads) {
        const scope = scopes.get(scopeId);
        if (!scope) continue;
        scope.newest = Math.max(scope.newest, rev);
        // The announcement may be on its way.
        if (isBehind(scope)) wait(scope);
      }
    },
    onReceipts: receipts.sweep,
    enter,
    exit(listener, scopeIds) {
      for (const scopeId of scopeIds) {
        if (scopes.get(scopeId)?.listeners.get(listener) === 0) {
          remove(listener, scopeId);
        }
      }
    },
    check(scopeIds) {
      for (const scopeId of scopeIds) {
        const scope = scopes.get(scopeId);
        if (scope) background("catch up", catchUp(scope));
      }
    },
    know(listener, scopeId, rev, hiddenUpTo) {
      know(listener, scopeId, rev, hiddenUpTo);
      const scope = scopes.get(scopeId);
      if (scope?.isAccount && rev < scope.since) goBack(scope, rev);
    },
    isIn(listener, chatId) {
      const scope = scopes.get(chatId);
      return scope?.isAccount === false && scope.listeners.has(listener);
    },
    leave(listener) {
      for (const scopeId of [...entered.get(listener) ?? []]) {
        remove(listener, scopeId);
      }
      entered.delete(listener);
    },
    get scopes() {
      return scopes.size;
    },
  };
}
