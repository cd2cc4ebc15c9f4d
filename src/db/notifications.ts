import postgres from "postgres";
import { unixSocket } from "./connection.ts";
import { literal } from "./sql.ts";

export interface NotificationsOptions {
  /** A direct connection: through a transaction-mode pooler LISTEN hears nothing, and says nothing. */
  readonly url: string;
  onNotification(channel: string, payload: string): void;
  /** Called once, when the connection is gone or was given up; not when it was ended here. */
  onLost(error: unknown): void;
  /** How often it makes sure that it still hears, in milliseconds. */
  readonly heartbeatMs: number;
  /** Time limit of every answer, in milliseconds. */
  readonly answerMs: number;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
}

/**
 * One connection that listens. It is never opened again: what was notified while there was none is
 * lost, and whoever opens the next one must know that.
 */
export interface Notifications {
  /** Resolves once what is notified from now on arrives. */
  listen(channels: readonly string[]): Promise<void>;
  unlisten(channels: readonly string[]): Promise<void>;
  end(): Promise<void>;
}

/**
 * Opens it; rejects where it cannot.
 *
 * A network that drops everything tells neither end. So the connection notifies itself at each
 * heartbeat, and is given up when it does not hear that in time.
 */
export async function openNotifications(
  options: NotificationsOptions,
): Promise<Notifications> {
  const { url, onNotification, onLost, heartbeatMs, answerMs, signal } =
    options;
  const own = `parley_heartbeat_${crypto.randomUUID().replaceAll("-", "")}`;
  const waiting = new Set<(reason: unknown) => void>();
  let state: "opening" | "open" | "over" = "opening";
  let heartbeat: ReturnType<typeof setTimeout> | undefined;
  let beats = 0;
  let onBeat = () => {};

  const settings = {
    ...unixSocket(url),
    max: 1,
    connection: { application_name: "parley" },
    connect_timeout: answerMs / 1000,
    idle_timeout: 0,
    max_lifetime: null,
    prepare: false,
    fetch_types: false,
    onnotice: () => {},
    // Missing in the driver's types. Its own `listen`, which is built on this, opens a lost connection
    // again and tells nobody.
    onnotify(channel: string, payload: string) {
      if (channel !== own) onNotification(channel, payload);
      else if (payload === String(beats)) onBeat();
    },
    onclose: () => lose(new Error("The listening connection was lost")),
  };
  const driver = postgres(url, settings);

  async function end(reason: unknown): Promise<void> {
    state = "over";
    clearTimeout(heartbeat);
    for (const reject of waiting) reject(reason);
    await driver.end({ timeout: 0 });
  }

  function lose(error: unknown) {
    const wasOpen = state === "open";
    // Nothing is left to do for a connection that cannot even be ended.
    if (state !== "over") end(error).catch(() => {});
    if (wasOpen) onLost(error);
  }

  /** Rejects where the answer does not come in time, since the connection is then taken for lost. */
  async function inTime(answer: () => PromiseLike<unknown>): Promise<void> {
    // The driver would open another connection for it.
    if (state === "over") throw new Error("The listening connection is over");
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.add(reject);
    const late = new Error(`No answer within ${answerMs} ms`);
    const timer = setTimeout(() => lose(late), answerMs);
    answer().then(resolve, lose);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(reject);
    }
  }

  const run = (script: string) => inTime(() => driver.unsafe(script).simple());

  async function beat(): Promise<void> {
    const heard = new Promise<void>((resolve) => onBeat = resolve);
    const payload = literal(String(++beats));
    await Promise.all([
      run(`select pg_notify(${literal(own)}, ${payload})`),
      inTime(() => heard),
    ]);
    beatLater();
  }

  function beatLater() {
    if (state === "over") return;
    heartbeat = setTimeout(() => void beat().catch(lose), heartbeatMs);
  }

  const giveUp = () => lose(signal!.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", giveUp);
  try {
    await run(`listen ${name(own)}`);
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
  state = "open";
  beatLater();
  return {
    listen: (channels) => run(each("listen", channels)),
    unlisten: (channels) => run(each("unlisten", channels)),
    end: () => end(new Error("The listening connection was ended")),
  };
}

const each = (verb: "listen" | "unlisten", channels: readonly string[]) =>
  channels.map((channel) => `${verb} ${name(channel)};\n`).join("") ||
  "select";

const name = (channel: string) => `"${channel.replaceAll('"', '""')}"`;
