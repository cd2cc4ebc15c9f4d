import { type Put, put } from "../changes/mod.ts";
import { Problem } from "../protocol/problem.ts";
import { type Access, isInCharge } from "./rules.ts";
import { members } from "./store.ts";

const isSlowed = ({ chat, member }: Access) =>
  chat.slowModeSeconds > 0 && !isInCharge(member);

/** In slow mode a member waits between two messages; those in charge do not. */
export function refuseTooSoon(access: Access, now: Date): Problem | undefined {
  const { chat, member } = access;
  if (!isSlowed(access) || member.lastSentAt === null) return undefined;
  const since = now.getTime() - member.lastSentAt.getTime();
  const retryAfterMs = chat.slowModeSeconds * 1000 - since;
  if (retryAfterMs <= 0) return undefined;
  return new Problem("slow_mode", {
    detail:
      `The group takes one message in ${chat.slowModeSeconds} s from each member`,
    retryAfterMs,
  });
}

/** What slow mode has to remember of a message; nothing where it is off. */
export const sentRows = (access: Access, now: Date): Put[] =>
  isSlowed(access) ? [put(members, { ...access.member, lastSentAt: now })] : [];
