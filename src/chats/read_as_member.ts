import type { Database } from "../db/database.ts";
import type { Statement } from "../db/sql.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { activeMembership, type MemberRow } from "./store.ts";

export interface Reading {
  readonly chatId: ChatId;
  readonly by: UserId;
  /** Why this member may not read it. */
  refuse?(membership: MemberRow): Problem | undefined;
}

/** Runs the statements for a present member; to anyone else the chat does not exist. */
export async function readAsMember<S extends readonly Statement<unknown>[]>(
  db: Database,
  { chatId, by, refuse }: Reading,
  ...statements: S
): Promise<{ [I in keyof S]: S[I]["row"][] }> {
  const [[membership], ...found] = await db.snapshot(
    activeMembership(chatId, by),
    ...statements,
  );
  if (!membership) throw new Problem("not_found");
  const refusal = refuse?.(membership);
  if (refusal) throw refusal;
  return found as { [I in keyof S]: S[I]["row"][] };
}
