import type { Clock } from "./clock.ts";
import type { Link } from "./link.ts";
import type { Session } from "./session.ts";
import type { StoredSession } from "./session_store.ts";

/** Hands a live link the next access token before the one it has runs out. */
export interface TokenKeeper {
  up(link: Link): void;
  down(): void;
  token(session: StoredSession): void;
}

/** How soon a renewal that came to nothing is tried again. */
const againMs = 30_000;

export function createTokenKeeper(
  clock: Clock,
  session: Session,
): TokenKeeper {
  let link: Link | undefined;
  let cancel: (() => void) | undefined;

  async function plan(soonestMs: number) {
    const present = await session.current();
    cancel?.();
    cancel = undefined;
    if (!link || !present) return;
    const inMs = Math.max(present.renewAt - clock.now(), soonestMs);
    cancel = clock.after(inMs, () => void renew());
  }

  async function renew() {
    // A session that cannot be renewed ends with the connection: the service closes it with 4401.
    await session.token().catch(() => {});
    await plan(againMs);
  }

  return {
    up(next) {
      link = next;
      void plan(0);
    },
    down() {
      link = undefined;
      cancel?.();
      cancel = undefined;
    },
    token({ accessToken }) {
      if (!link) return;
      // Refused or lost, the connection ends with the old token and is made anew.
      void link.request({ type: "refresh", token: accessToken }).catch(
        () => {},
      );
      void plan(0);
    },
  };
}
