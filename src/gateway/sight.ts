import type { Event } from "../protocol/events.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Scope } from "./scope.ts";

/** What of a chat is hidden from somebody who came later. */
export interface Sight {
  /** Where the chat stood when that was known. */
  readonly rev: number;
  /** Messages up to this `seq` are. */
  readonly hiddenUpTo: number;
}

/** Notes what is hidden from a person since she last came in; of two notes the newer counts. */
export function noteSight(
  { sights }: Scope,
  userId: UserId,
  rev: number,
  hiddenUpTo: number,
): void {
  const known = sights.get(userId);
  if (!known && hiddenUpTo === 0) return;
  if (known && known.rev > rev) return;
  const isSame = known?.rev === rev;
  sights.set(userId, {
    rev,
    hiddenUpTo: isSame ? Math.max(known.hiddenUpTo, hiddenUpTo) : hiddenUpTo,
  });
}

/** Forgets it once none of the person's connections is in the chat. */
export function forgetSight({ sights, listeners }: Scope, userId: UserId) {
  if (!sights.has(userId)) return;
  for (const listener of listeners.keys()) {
    if (listener.userId === userId) return;
  }
  sights.delete(userId);
}

/**
 * An event as each listener may have it, encoded once a form. A message's change carries what it says:
 * to whom the message is hidden only the rev is told, and who has not come to know what is hidden from
 * her is told to ask. Whose change it was `by` is told to that person alone.
 */
export function framesOf(
  { sights }: Scope,
  event: Event,
  by?: UserId,
): (userId: UserId, since: number) => string {
  const whole = JSON.stringify(event);
  if (event.type !== "message.updated") return () => whole;
  const { chatId, rev, message: { seq } } = event;
  const once = (form: Event) => {
    let frame: string | undefined;
    return () => frame ??= JSON.stringify(form);
  };
  const behind = once({ type: "chat.behind", chatId, rev });
  const advanced = once({ type: "chat.advanced", chatId, rev });
  const own = once({ ...event, ...(by && { userId: by }) });
  return (userId, since) => {
    if (since === 0) return behind();
    const { hiddenUpTo = 0 } = sights.get(userId) ?? {};
    if (seq <= hiddenUpTo) return advanced();
    return userId === by ? own() : whole;
  };
}
