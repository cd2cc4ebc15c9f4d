import type { Presence } from "../protocol/accounts.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import type { Connection } from "./connection.ts";
import { clientError, hasCode } from "./error.ts";

/** What this connection looks at, told again on each new one. */
export interface Attention {
  /**
   * Whom to be told of by `presence` events from now on, instead of those before. Resolves with how
   * they are now.
   */
  watch(
    userIds: readonly UserId[],
    signal?: AbortSignal,
  ): Promise<readonly Presence[]>;
  /** Whether the person is at this device. */
  setPresence(state: "active" | "away", signal?: AbortSignal): Promise<void>;
  /** Reports what it finds through `onPresence`, since it may have changed meanwhile. */
  up(): void;
  clear(): void;
}

export function createAttention(
  connection: Connection,
  onPresence: (presence: Presence) => void,
  onFault: (error: unknown) => void,
): Attention {
  let watched: UserId[] = [];
  let state: "active" | "away" | undefined;

  async function tellWatched(signal?: AbortSignal) {
    const link = await connection.live(signal);
    const request = { type: "watch", userIds: watched } as const;
    return (await link.request(request, { signal })).presence;
  }

  async function tellState(to: "active" | "away", signal?: AbortSignal) {
    const link = await connection.live(signal);
    await link.request({ type: "presence", state: to }, { signal });
  }

  return {
    async watch(userIds, signal) {
      if (userIds.length > limits.watchedUsers) {
        const detail = `At most ${limits.watchedUsers} people can be watched`;
        throw clientError("invalid_input", { detail });
      }
      watched = [...userIds];
      return await tellWatched(signal);
    },

    async setPresence(to, signal) {
      state = to;
      await tellState(to, signal);
    },

    up() {
      // A connection that is lost meanwhile is followed by another one, which is told again.
      const onFailure = (error: unknown) => {
        if (!hasCode(error, "unavailable")) onFault(error);
      };
      if (state) void tellState(state).catch(onFailure);
      if (watched.length === 0) return;
      void tellWatched().then((all) => all.forEach(onPresence), onFailure);
    },

    clear() {
      watched = [];
      state = undefined;
    },
  };
}
