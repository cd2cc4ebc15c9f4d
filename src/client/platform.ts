import { type Clock, systemClock } from "./clock.ts";

/** What the client needs of its surroundings. Browsers, Deno and Node 22 have all of it. */
export interface Platform {
  readonly fetch: typeof fetch;
  readonly WebSocket: new (url: string, protocols?: string) => WebSocket;
  readonly clock: Clock;
  /** Between 0 and 1, for jitter alone; ids come from `crypto`. */
  random(): number;
  /** Runs `work` while no other tab of this origin runs work of the same name. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Tells of `online` where the surroundings know of it. */
  readonly network: EventTarget | undefined;
}

export function systemPlatform(): Platform {
  const { navigator } = globalThis as { navigator?: { locks?: LockManager } };
  const locks = navigator?.locks;
  return {
    fetch: (...request) => globalThis.fetch(...request),
    WebSocket: globalThis.WebSocket,
    clock: systemClock,
    random: Math.random,
    exclusively: <T>(name: string, work: () => Promise<T>) =>
      locks ? locks.request(name, work) as Promise<T> : work(),
    network: typeof globalThis.addEventListener === "function"
      ? globalThis
      : undefined,
  };
}
