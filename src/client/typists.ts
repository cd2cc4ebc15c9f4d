import type { EventOf } from "../protocol/events.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Clock } from "./clock.ts";

type Typing = EventOf<"typing">;

/** How long somebody counts as typing who is not heard of. */
export const typingMs = 6000;

/** A client that types on says so this often: twice within `typingMs`, since one may get lost. */
const againMs = 2500;

/** Who types where. Whoever is not heard of for a while has stopped, whatever became of the word of it. */
export interface Typists {
  /** Takes what the service tells. */
  heard(typing: Typing): void;
  /** What somebody was typing has come. */
  said(chatId: ChatId, userId: UserId): void;
  /** Nothing is heard of anybody any more. */
  clear(): void;
}

/** `onTyping` is called for each word of it, and once when it is over. */
export function createTypists(
  clock: Clock,
  onTyping: (typing: Typing) => void,
): Typists {
  const expiries = new Map<string, { typing: Typing; cancel: () => void }>();
  const idOf = ({ chatId, userId }: Pick<Typing, "chatId" | "userId">) =>
    `${chatId}/${userId}`;

  function stop(id: string) {
    const expiry = expiries.get(id);
    if (!expiry) return;
    expiries.delete(id);
    expiry.cancel();
    onTyping({ ...expiry.typing, active: false });
  }

  return {
    heard(typing) {
      const id = idOf(typing);
      if (!typing.active) return stop(id);
      expiries.get(id)?.cancel();
      const cancel = clock.after(typingMs, () => stop(id));
      expiries.set(id, { typing, cancel });
      onTyping(typing);
    },
    said: (chatId, userId) => stop(idOf({ chatId, userId })),
    clear() {
      for (const id of [...expiries.keys()]) stop(id);
    },
  };
}

/**
 * Tells of one's own typing, in each chat when it begins and ends, and now and then while it goes on:
 * an application may call it with every key.
 */
export function createOwnTyping(
  clock: Clock,
  /** Answers whether there was anybody to tell. */
  tell: (chatId: ChatId, active: boolean) => boolean,
): (chatId: ChatId, active: boolean) => void {
  const toldAt = new Map<ChatId, number>();

  return (chatId, active) => {
    if (!active) {
      toldAt.delete(chatId);
      tell(chatId, false);
      return;
    }
    const last = toldAt.get(chatId) ?? -Infinity;
    if (clock.now() - last < againMs) return;
    if (tell(chatId, true)) toldAt.set(chatId, clock.now());
  };
}
