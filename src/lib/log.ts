import type { Clock } from "./clock.ts";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Facts beside the message. Never a token, a body or the value of a query. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  /** The lowest level that is written. */
  readonly level: LogLevel;
  readonly write?: (line: string) => void;
  readonly clock?: Clock;
}

/** Writes one JSON object a line. An Error among the fields becomes its stack and its causes. */
export function createLog(
  { level, write = console.log, clock = Date.now }: LogOptions,
): Log {
  const at = (own: LogLevel) => {
    if (logLevels.indexOf(own) < logLevels.indexOf(level)) return () => {};
    return (message: string, fields: LogFields = {}) => {
      const time = new Date(clock()).toISOString();
      write(JSON.stringify({ time, level: own, message, ...fields }, plain));
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { stack, message, cause } = value;
    return {
      stack: stack ?? message,
      ...(cause === undefined ? {} : { cause }),
    };
  }
  return typeof value === "bigint" ? String(value) : value;
}
