import { type Erasure, startErasure } from "./accounts/mod.ts";
import type { Changes } from "./changes/mod.ts";
import { eraseJoining, leaveChats, type Narrate } from "./chats/mod.ts";
import { type Contacts, forgetContacts } from "./contacts/mod.ts";
import type { Database } from "./db/database.ts";
import type { Background } from "./lib/background.ts";
import { systemClock } from "./lib/clock.ts";
import { eraseReading } from "./messages/mod.ts";
import { erasePreferences } from "./preferences/mod.ts";
import { erasePresence } from "./presence/mod.ts";

export interface ErasingParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly narrate: Narrate;
  readonly contacts: Contacts;
  readonly background: Background;
}

/** What every capability holds of a deleted account, in the order in which it is erased. */
export const startErasing = (
  { db, changes, narrate, contacts, background }: ErasingParts,
): Erasure =>
  startErasure({
    db,
    clock: systemClock,
    // Whoever is in no chat any more leaves no more traces behind.
    steps: [
      leaveChats({ db, changes, narrate }),
      forgetContacts({ db, contacts }),
      erasePreferences(db),
      eraseJoining({ db, changes }),
      eraseReading(db),
      erasePresence(db),
    ],
    background,
  });
