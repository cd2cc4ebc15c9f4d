import type { Database } from "../db/database.ts";
import type { ChatId, DeviceId, UserId } from "../protocol/ids.ts";
import {
  chatHead,
  leaversSince,
  membershipsSince,
  moment,
  personState,
  revokedSince,
} from "./store.ts";

/** What an isolate must do about a chat that moved on without telling it. */
export interface ChatCatchUp {
  readonly rev: number;
  readonly deleted: boolean;
  /** Members who are no longer to hear of it. */
  readonly left: readonly UserId[];
}

/** The same for an account. */
export interface AccountCatchUp {
  readonly accountRev: number;
  /** Each with the counter that the chat stood at then, and up to where it is hidden from the person. */
  readonly joined: readonly {
    readonly chatId: ChatId;
    readonly rev: number;
    readonly hiddenUpTo: number;
  }[];
  readonly left: readonly ChatId[];
  readonly revoked: readonly DeviceId[];
  /** Whether the account is gone, and all its devices with it. */
  readonly deleted: boolean;
  /** Whether the person hides from anybody what she has read. */
  readonly hidesReads: boolean;
}

export async function catchUpChat(
  db: Database,
  chatId: ChatId,
  rev: number,
): Promise<ChatCatchUp> {
  const [[head], leavers] = await db.snapshot(
    chatHead(chatId),
    leaversSince(chatId, rev),
  );
  return {
    rev: head?.rev ?? rev,
    deleted: head?.deleted ?? false,
    left: leavers.map(({ userId }) => userId),
  };
}

export async function catchUpAccount(
  db: Database,
  userId: UserId,
  rev: number,
): Promise<AccountCatchUp> {
  const [[now], memberships, revoked, [person]] = await db.snapshot(
    moment(userId),
    membershipsSince(userId, rev),
    revokedSince(userId, rev),
    personState(userId),
  );
  return {
    accountRev: now?.accountRev ?? rev,
    joined: memberships.filter(({ present }) => present),
    left: memberships.filter(({ present }) => !present)
      .map(({ chatId }) => chatId),
    revoked: revoked.map(({ deviceId }) => deviceId),
    deleted: person?.deleted ?? false,
    hidesReads: person?.hidesReads ?? false,
  };
}
