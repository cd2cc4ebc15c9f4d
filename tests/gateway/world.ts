import type { Caller } from "../../src/http/env.ts";
import type { Heads } from "../../src/inbox/mod.ts";
import type { ChatId, DeviceId, UserId } from "../../src/protocol/ids.ts";
import type { User } from "../../src/protocol/accounts.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { newId, newUser } from "./news.ts";

/** Somebody with a token. */
export interface Actor extends Caller {
  readonly token: string;
}

/** What the gateway reads from the database, in memory: a test changes it as it likes. */
export interface World {
  readonly chats: Map<ChatId, { members: Set<UserId>; rev: number }>;
  readonly accountRevs: Map<UserId, number>;
  /** The time, which passes only when a test says so. */
  now: number;
  /** A new person, whose token runs out at `expiresAt`. */
  actor(expiresAt?: number): Actor;
  /** The same person on another device. */
  again(actor: Actor): Actor;
  /** A new token for the same device. */
  renew(actor: Actor, expiresAt: number): Actor;
  /** A chat at rev 1. */
  chatOf(...members: Actor[]): ChatId;
  authenticate(token: string): Promise<Caller>;
  chatIds(userId: UserId): Promise<ChatId[]>;
  readHeads(userId: UserId): Promise<Heads>;
  readUser(caller: Caller): Promise<User>;
}

const never = 8.64e15;

export function createWorld(): World {
  const callers = new Map<string, Actor>();
  const chats: World["chats"] = new Map();
  const accountRevs: World["accountRevs"] = new Map();
  const chatsOf = (userId: UserId) =>
    [...chats].filter(([, { members }]) => members.has(userId));

  function signIn(
    userId: UserId,
    expiresAt: number,
    deviceId = newId<DeviceId>(),
  ): Actor {
    const token = crypto.randomUUID();
    const actor = { userId, deviceId, token, expiresAt: new Date(expiresAt) };
    callers.set(token, actor);
    return actor;
  }

  return {
    chats,
    accountRevs,
    now: 1_000_000,
    actor(expiresAt = never) {
      const userId = newUser();
      accountRevs.set(userId, 1);
      return signIn(userId, expiresAt);
    },
    again: ({ userId }) => signIn(userId, never),
    renew: ({ userId, deviceId }, expiresAt) =>
      signIn(userId, expiresAt, deviceId),
    chatOf(...members) {
      const chatId = newId<ChatId>();
      const userIds = members.map(({ userId }) => userId);
      chats.set(chatId, { members: new Set(userIds), rev: 1 });
      return chatId;
    },
    authenticate(token) {
      const caller = callers.get(token);
      return caller
        ? Promise.resolve(caller)
        : Promise.reject(new Problem("unauthenticated"));
    },
    readUser: ({ userId }) =>
      Promise.resolve({ userId, username: "u", displayName: "U", about: "" }),
    chatIds: (userId) =>
      Promise.resolve(chatsOf(userId).map(([chatId]) => chatId)),
    readHeads(userId) {
      const mine = chatsOf(userId);
      const counters = {
        ...{ lastSeq: 0, readSeq: 0, deliveredSeq: 0, unread: 0 },
        role: "member" as const,
      };
      const accountRev = accountRevs.get(userId)!;
      return Promise.resolve({
        moment: { epoch: "0".repeat(32), oldest: "1", accountRev },
        chats: mine.map(([chatId, { rev }]) => ({ chatId, rev, ...counters })),
        gone: [],
        since: undefined,
        revs: new Map(mine.map(([chatId, { rev }]) => [chatId, rev])),
        hiddenUpTo: new Map(),
      });
    },
  };
}
