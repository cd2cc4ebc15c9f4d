/** The composition root: the configuration comes in, every part is built once, in order. */
import { createAccounts } from "./accounts/mod.ts";
import { createCountedAnnounce } from "./announce.ts";
import { createCaches } from "./caches.ts";
import { createChanges, startSweep } from "./changes/mod.ts";
import { createChats, createInvites, keysOf, tryKeys } from "./chats/mod.ts";
import { createContacts } from "./contacts/mod.ts";
import type { Config } from "./config.ts";
import { createAccessTokens } from "./crypto/access_tokens.ts";
import { createMasterKeys } from "./crypto/master_keys.ts";
import { createPasswords } from "./crypto/passwords.ts";
import { createSealer } from "./crypto/sealer.ts";
import { ping } from "./db/ping.ts";
import {
  createGateway,
  createHub,
  createInterest,
  sweptReceipts,
} from "./gateway/mod.ts";
import { createBearer } from "./http/bearer.ts";
import { createRateLimit } from "./http/rate_limit.ts";
import { createBackground } from "./lib/background.ts";
import { systemClock } from "./lib/clock.ts";
import type { Counters } from "./lib/counters.ts";
import type { Log } from "./lib/log.ts";
import { rarely } from "./lib/rarely.ts";
import { createSoon } from "./lib/soon.ts";
import { createTurns } from "./lib/turns.ts";
import { uuidv7 } from "./lib/uuid.ts";
import { createMeasures, type MeasureName } from "./measures.ts";
import { createMessages } from "./messages/mod.ts";
import { openDatabases } from "./open_databases.ts";
import { openPreviews } from "./open_previews.ts";
import { openRelay } from "./open_relay.ts";
import type { Overrides } from "./overrides.ts";
import { createOwnView } from "./own_view.ts";
import { createPresence } from "./presence/mod.ts";
import { Problem } from "./protocol/problem.ts";
import type { Announcement } from "./relay/relay.ts";
import { rates, readsAtOnce } from "./rates.ts";
import { createRoutes } from "./routes.ts";
import { startErasing } from "./start_erasing.ts";
import { loadSecrets } from "./secrets.ts";
import { exportMeasures } from "./telemetry.ts";

/** A relay that tells of gaps all the time makes for a sweep this often, and not more. */
const gapSweepMs = 1000;

/** A service whose relay is away says so this often, and not for each message. */
const logRelayEveryMs = 10_000;

export interface App extends AsyncDisposable {
  /** How it hears of other isolates, for the operator. */
  readonly relay: string;
  readonly counters: Pick<Counters<MeasureName>, "read">;
  fetch(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Response | Promise<Response>;
  /**
   * Takes no new work, finishes what is under way, and closes all sockets. Disposing then lets go of
   * the rest.
   */
  drain(): Promise<void>;
}

/** Builds the service. Rejects with a sentence for the operator when it cannot start. */
export async function createApp(
  config: Config,
  log: Log,
  {
    relay: given,
    wrapRelay = (relay) => relay,
    network,
    clock = systemClock,
  }: Overrides = {},
): Promise<App> {
  await using cleanup = new AsyncDisposableStack();
  const counters = createMeasures();
  await exportMeasures(counters);
  const background = createBackground(log);
  cleanup.defer(() => background.settled());

  const secrets = await loadSecrets(config);
  const accessTokens = await createAccessTokens({
    keys: secrets.jwtKeys,
    issuer: config.publicUrl,
    audience: config.publicUrl,
  });
  const { db, spineDb } = await openDatabases(config, cleanup);
  const masterKeys = createMasterKeys(secrets.masterKeys);
  await tryKeys(db, masterKeys);

  // The spine, and what carries its news.
  const isolateId = crypto.randomUUID();
  const tellRelayTrouble = rarely(
    logRelayEveryMs,
    () => performance.now(),
    (error, suppressed) => log.warn("relay trouble", { error, suppressed }),
  );
  const onRelayTrouble = (error: unknown) => {
    counters.add("parley.relay.failures");
    tellRelayTrouble(error);
  };
  const opened = given
    ? { relay: given, description: "given relay" }
    : await openRelay({
      config,
      masterKeys: secrets.masterKeys,
      db,
      onFailure: onRelayTrouble,
      cleanup,
    });
  const relay = wrapRelay(opened.relay);
  const announce = createCountedAnnounce({
    isolateId,
    relay,
    counters,
    hear: (announcements) => hear(announcements),
    log,
    tellRelayTrouble,
  });
  const changes = createChanges({
    db: spineDb,
    announce,
    now: () => new Date(clock()),
  });

  const caches = createCaches({
    wanted: config.caches,
    counters,
    heardSince: (scopeId) => interest.heardSince(scopeId),
    sweepMs: config.sweepMs,
    now: () => performance.now(),
  });

  // The capabilities. Large reads take turns, so that nobody's hold up everybody's.
  const turns = createTurns({
    ...readsAtOnce,
    full: () => new Problem("rate_limited", { retryAfterMs: 1000 }),
  });
  const sealer = createSealer({
    masterKeys,
    loadKeys: async (chatIds) => (await db.run(keysOf(chatIds)))[0],
  });
  const accounts = createAccounts({
    db,
    changes,
    passwords: createPasswords(),
    accessTokens,
    clock,
    newId: uuidv7,
    ...caches.ofAccounts,
    onPrivacy: (presence) => announce([{ presence }]),
    onDeleted: (userId) => erasure.begin(userId),
  });
  const contacts = createContacts({
    db,
    changes,
    accounts,
    ring: announce,
    requests: createRateLimit(rates.contactRequestsPerUser),
  });
  const onUnreadable = (error: unknown) => {
    counters.add("parley.messages.unreadable");
    log.error("message does not open", { error });
  };
  const messages = createMessages({
    db,
    changes,
    announce,
    sealer,
    turns,
    newId: uuidv7,
    ...caches.ofMessages,
    onUnreadable,
  });
  const chats = createChats({
    db,
    changes,
    newId: uuidv7,
    newDataKey: sealer.newDataKey,
    narrate: messages.narrate,
    reached: createRateLimit(rates.peopleReachedPerUser),
  });
  const invites = createInvites({
    db,
    changes,
    sealer,
    clock,
    newId: uuidv7,
    narrate: messages.narrate,
    onUnreadable: (error) => log.error("invitation does not open", { error }),
  });
  const erasure = cleanup.use(startErasing({
    db,
    changes,
    narrate: messages.narrate,
    contacts,
    background,
  }));
  const own = createOwnView({
    db,
    changes,
    sealer,
    messages,
    turns,
    log,
    onUnreadable,
  });
  const { inbox, exports } = own;

  // The gateway, and who is behind it.
  const interest = cleanup.use(createInterest({
    relay,
    on(batch) {
      const foreign = batch.filter(isForeign);
      counters.add("parley.relay.received", foreign.length);
      hear(foreign);
    },
    onGap() {
      counters.add("parley.relay.gaps");
      caches.onGap();
      sweepSoon();
    },
    onFailure: onRelayTrouble,
  }));
  const isForeign = ({ origin }: Announcement) => origin !== isolateId;
  const hub = createHub({
    interest,
    onLost: (listener) => presence.lookAgain(listener),
    background,
    ...inbox,
  });
  const presence = cleanup.use(createPresence({
    db,
    leaseDb: spineDb,
    isolateId,
    announce,
    interest,
    turns,
    background,
    now: () => performance.now(),
  }));
  const hear = (announcements: readonly Announcement[]) => {
    caches.hear(announcements);
    hub.receive(announcements);
    presence.receive(announcements);
  };
  const sweep = cleanup.use(
    await startSweep({
      // The spine's own: a crowd of readers must not make it late.
      db: spineDb,
      intervalMs: config.sweepMs,
      onHeads(heads) {
        counters.add("parley.sweep.heads", heads.length);
        caches.onHeads(heads);
        hub.onHeads(heads);
      },
      sources: [presence.swept, sweptReceipts(hub)],
      onFailure(error) {
        counters.add("parley.sweep.failures");
        log.warn("sweep failed", { error });
      },
    }),
  );
  const sweepSoon = cleanup.use(
    createSoon(() => void sweep.once(), gapSweepMs),
  );
  const gateway = createGateway({
    hub,
    inbox,
    messages,
    presence,
    contacts,
    typing: createRateLimit(rates.typingPerChat),
    kindOf: chats.kindOf,
    announce,
    authenticate: accounts.authenticate,
    readUser: ({ userId }) => accounts.self(userId),
    hidesReads: accounts.hidesReads,
    log,
    clock,
    now: () => performance.now(),
  });

  // The doors.
  let draining = false;
  let pinging: Promise<void> | undefined;
  const router = createRoutes({
    door: {
      log,
      https: config.publicUrl.startsWith("https:"),
      trustedProxies: config.trustProxy,
      perIp: createRateLimit(rates.requestsPerIp),
      isDraining: () => draining,
    },
    publicUrl: config.publicUrl,
    bearer: createBearer({
      authenticate: accounts.authenticate,
      recognise: accounts.recognise,
      perDevice: createRateLimit(rates.requestsPerDevice),
    }),
    health: {
      async ready() {
        if (draining) throw new Problem("unavailable", { retryAfterMs: 1000 });
        // One question at a time, however many ask.
        await (pinging ??= ping(db).finally(() => pinging = undefined));
      },
    },
    accessTokens,
    gateway,
    accounts,
    signInLimits: {
      perIp: createRateLimit(rates.signInsPerIp),
      perName: createRateLimit(rates.signInsPerName),
    },
    contacts,
    presence,
    chats,
    invites,
    messages,
    previews: openPreviews(config, network),
    ...own,
  });

  counters.watch(
    "parley.background.failures",
    () => background.failures.values().reduce((sum, count) => sum + count, 0),
  );
  counters.watch("parley.connections", () => gateway.connections);
  counters.watch("parley.scopes", () => hub.scopes);
  counters.watch("parley.relay.shards", () => interest.shards);
  const parts = cleanup.move();
  return {
    counters,
    relay: opened.description,
    fetch: (request, info) => router.fetch(request, info),
    async drain() {
      draining = true;
      exports.stop();
      await gateway.drain(() => changes.drained());
      await presence.leave();
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
