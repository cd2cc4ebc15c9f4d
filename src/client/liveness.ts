import type { Clock } from "./clock.ts";

export interface Liveness {
  /** Something came from the service. */
  heard(): void;
  stop(): void;
}

/**
 * Notices a connection that died without a word, as behind a closed laptop or a lost network: after
 * `silenceMs` without a frame it asks, and calls `onDead` when `ping` rejects. The service's own
 * pings are answered below this layer and cannot be seen from here.
 */
export function watchSilence(
  clock: Clock,
  silenceMs: number,
  ping: () => Promise<unknown>,
  onDead: (error: unknown) => void,
): Liveness {
  let lastHeard = clock.now();
  let isStopped = false;
  let cancel = clock.after(silenceMs, look);

  function look() {
    const silence = clock.now() - lastHeard;
    if (silence < silenceMs) {
      cancel = clock.after(silenceMs - silence, look);
      return;
    }
    void ping().then(
      () => {
        if (!isStopped) cancel = clock.after(silenceMs, look);
      },
      (error) => {
        if (!isStopped) onDead(error);
      },
    );
  }

  return {
    heard() {
      lastHeard = clock.now();
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
