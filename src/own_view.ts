/** What a person has for herself alone: her preferences, notifications, inbox and export. */
import type { Changes } from "./changes/mod.ts";
import type { Sealer } from "./crypto/sealer.ts";
import type { Database } from "./db/database.ts";
import { createRateLimit } from "./http/rate_limit.ts";
import {
  createExports,
  createInbox,
  type Exports,
  type Inbox,
} from "./inbox/mod.ts";
import { systemClock } from "./lib/clock.ts";
import type { Log } from "./lib/log.ts";
import type { Turns } from "./lib/turns.ts";
import type { Messages } from "./messages/mod.ts";
import {
  createNotifications,
  type Notifications,
} from "./notifications/mod.ts";
import { createPreferences, type Preferences } from "./preferences/mod.ts";
import { rates } from "./rates.ts";

export interface OwnViewParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly sealer: Sealer;
  readonly messages: Pick<Messages, "open" | "openOnce" | "openContent">;
  readonly turns: Turns;
  readonly log: Log;
  /** Called for what is stored and does not open. */
  onUnreadable(error: unknown): void;
}

export interface OwnView {
  readonly preferences: Preferences;
  readonly notifications: Notifications;
  readonly inbox: Inbox;
  readonly exports: Exports;
}

export function createOwnView(
  { db, changes, sealer, messages, turns, log, onUnreadable }: OwnViewParts,
): OwnView {
  const clock = systemClock;
  const preferences = createPreferences({ changes, sealer, onUnreadable });
  const { openDraft } = preferences;
  return {
    preferences,
    notifications: createNotifications({ db, preferences, clock, turns }),
    inbox: createInbox({ db, open: messages.open, openDraft, turns }),
    exports: createExports({
      db,
      open: messages.openOnce,
      openContent: messages.openContent,
      openDraft,
      clock,
      turns,
      limit: createRateLimit(rates.exportsPerUser),
      onBroken: (error) => log.warn("export broke off", { error }),
    }),
  };
}
