import { jittered } from "./backoff.ts";
import { type Clock, sleep } from "./clock.ts";
import { hasCode, type ParleyError, unavailable } from "./error.ts";

/** An answer to "what changed since": the reader is at `to` once it has applied it. */
export interface Page {
  readonly to: number;
  readonly hasMore: boolean;
}

export interface SequenceOptions<E, P extends Page> {
  readonly clock: Clock;
  random(): number;
  /** The counter that the state stands at. */
  readonly known: number;
  /** Applies the event that is exactly the next one. */
  apply(event: E): void;
  fetch(since: number, signal: AbortSignal): Promise<P>;
  /** Applies a page to the state, which may have part of it already. */
  applyPage(page: P): void;
  /** After the last page, with nothing known to be missing. */
  onCaughtUp(): void;
  /** The service refused to say what changed; nothing is tried again until the next `behind()`. */
  onRefused(error: unknown): void;
}

/** The gap rule: turns what comes late, twice, out of order or not at all into every change once, in order. */
export interface Sequence<E> {
  /** Whether changes are known to exist that have not been applied. */
  readonly isBehind: boolean;
  /** Applies the event if it is the next one, drops it if it is old, else holds it until the gap closes. */
  receive(rev: number, event: E): void;
  /**
   * Asks for changes now, at least once and until `rev` is reached. Resolves when it is; rejects when
   * refused or paused. While the service is away it keeps trying.
   */
  behind(rev?: number): Promise<void>;
  /** Changes up to `rev` exist; asked for at the next `behind()`. */
  expect(rev: number): void;
  /**
   * Runs `work` with events held back, then asks for changes. So what it reads beside the changes may
   * be newer than the state, but nothing that happened meanwhile is lost on it.
   */
  reload(work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Stops asking and forgets what it held, not how far it has to come. */
  pause(): void;
}

/** How long an event may be overtaken by later ones before it counts as lost. */
const gapMs = 500;
const retry = { baseMs: 500, capMs: 10_000 };
/** Beyond this, changes are asked for anyway, and events would only take up memory. */
const mostHeld = 1_000;

export function createSequence<E, P extends Page>(
  options: SequenceOptions<E, P>,
): Sequence<E> {
  const { clock } = options;
  let known = options.known;
  let target = known;
  /** Between two pages the state has holes: a row is on the page of its last change. */
  let isWhole = true;
  const held = new Map<number, E>();
  let cancelWait: (() => void) | undefined;
  let pull: { done: Promise<void>; controller: AbortController } | undefined;
  /** Ends the wait before the next try. */
  let hurry = () => {};

  function step(rev: number, event: E) {
    known = rev;
    options.apply(event);
  }

  function drain() {
    for (let event; (event = held.get(known + 1)) !== undefined;) {
      step(known + 1, event);
    }
    for (const rev of held.keys()) if (rev <= known) held.delete(rev);
    if (held.size === 0) stopWaiting();
  }

  function stopWaiting() {
    cancelWait?.();
    cancelWait = undefined;
  }

  function receive(rev: number, event: E) {
    if (rev <= known) return;
    target = Math.max(target, rev);
    if (!pull && isWhole && rev === known + 1) {
      step(rev, event);
      return drain();
    }
    if (held.size < mostHeld) held.set(rev, event);
    if (!pull) cancelWait ??= clock.after(gapMs, () => void ask());
  }

  async function fetchPage(signal: AbortSignal): Promise<P> {
    for (let attempt = 0;; attempt++) {
      try {
        return await options.fetch(known, signal);
      } catch (error) {
        if (!hasCode(error, "unavailable", "rate_limited")) throw error;
        const hint = (error as ParleyError).retryAfterMs ?? 0;
        const wait = hint + jittered(attempt, retry, options.random);
        const hurried = new AbortController();
        hurry = () => hurried.abort();
        const either = AbortSignal.any([signal, hurried.signal]);
        await sleep(clock, wait, either).catch(() => signal.throwIfAborted());
      }
    }
  }

  async function catchUp(signal: AbortSignal) {
    for (;;) {
      const since = known;
      const page = await fetchPage(signal);
      signal.throwIfAborted();
      known = Math.max(known, page.to);
      options.applyPage(page);
      isWhole = !page.hasMore;
      if (isWhole) drain();
      if (!page.hasMore && known >= target) break;
      // An answer from before the change that brought us here: give the service time to get there.
      if (known === since) await sleep(clock, gapMs, signal);
    }
    // In the same turn as the last look at the target: what comes from here on is live again.
    pull = undefined;
    options.onCaughtUp();
  }

  function start(work: (signal: AbortSignal) => Promise<void>) {
    stopWaiting();
    const controller = new AbortController();
    const { signal } = controller;
    const run = async () => {
      const failure = await work(signal).then(
        () => undefined,
        (error) => ({ error }),
      );
      signal.throwIfAborted();
      await catchUp(signal);
      if (failure) throw failure.error;
    };
    const own = pull = { controller, done: run() };
    own.done = own.done.catch((error) => {
      if (pull === own) {
        pull = undefined;
        held.clear();
        options.onRefused(error);
      }
      throw error;
    });
    return own.done;
  }

  function behind(rev = known): Promise<void> {
    target = Math.max(target, rev);
    if (!pull) return start(() => Promise.resolve());
    hurry();
    return pull.done;
  }

  /** For those who do not wait for the end: what fails has been told by then. */
  const ask = () => behind().catch(() => {});

  return {
    get isBehind() {
      return known < target || !isWhole;
    },
    receive,
    behind,
    expect(rev) {
      target = Math.max(target, rev);
    },
    async reload(work) {
      for (let before; (before = pull);) {
        await before.done.catch(() =>
          before.controller.signal.throwIfAborted()
        );
      }
      await start(work);
    },
    pause() {
      stopWaiting();
      held.clear();
      const stopped = pull;
      pull = undefined;
      stopped?.done.catch(() => {});
      stopped?.controller.abort(unavailable("The connection was lost"));
    },
  };
}
