/** Calls listeners by the type of event, in the order in which they came. */
export interface Emitter<Events extends { error: unknown }> {
  /** Returns what takes the listener off again; so does the signal. */
  on<T extends keyof Events>(
    type: T,
    listener: (event: Events[T]) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  /** A listener that throws is reported as an `error` event and stops nothing. */
  emit<T extends keyof Events>(type: T, event: Events[T]): void;
}

export function createEmitter<Events extends { error: unknown }>(): Emitter<
  Events
> {
  type Listener = (event: never) => void;
  const listeners = new Map<keyof Events, Set<Listener>>();

  function emit<T extends keyof Events>(type: T, event: Events[T]) {
    const called = [...listeners.get(type) ?? []];
    // An error that nobody asked for must not pass unseen.
    if (type === "error" && called.length === 0) console.error(event);
    for (const listener of called) {
      try {
        (listener as (event: Events[T]) => void)(event);
      } catch (error) {
        if (type === "error") console.error(error);
        else emit("error", error as Events["error"]);
      }
    }
  }

  return {
    emit,
    on(type, listener, { signal } = {}) {
      if (signal?.aborted) return () => {};
      // A wrapper of its own, so that the same function may listen twice.
      const own: Listener = (event) => listener(event);
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set.add(own));
      const off = () => {
        set.delete(own);
        signal?.removeEventListener("abort", off);
      };
      signal?.addEventListener("abort", off, { once: true });
      return off;
    },
  };
}
