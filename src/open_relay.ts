import { join } from "node:path";
import type { Config, RelayDriver } from "./config.ts";
import { createTextSealer } from "./crypto/text_sealer.ts";
import type { Database } from "./db/database.ts";
import { openNotifications } from "./db/notifications.ts";
import { createNotify } from "./db/notify.ts";
import type { KeyList } from "./lib/key_list.ts";
import { createEnvelope } from "./relay/envelope.ts";
import { createLocalRelay } from "./relay/local.ts";
import type { OpenEar } from "./relay/postgres_port.ts";
import type { Relay } from "./relay/relay.ts";

/** How often the listening connection makes sure that it hears, and how long that may take: milliseconds. */
const listening = { heartbeatMs: 10_000, answerMs: 5000 } as const;

export interface OpenRelayParts {
  readonly config: Pick<
    Config,
    "relay" | "database" | "upstash" | "dataDir" | "onDenoDeploy"
  >;
  readonly masterKeys: KeyList;
  readonly db: Database;
  /** Told what fails in the background; the relay goes on. */
  onFailure(error: unknown): void;
  readonly cleanup: AsyncDisposableStack;
}

export interface OpenedRelay {
  readonly relay: Relay;
  /** For the operator: what carries the news and, where nobody chose it, why. */
  readonly description: string;
}

/** Loads the driver that is wanted, and no other. Rejects with a sentence where it cannot work. */
export async function openRelay(parts: OpenRelayParts): Promise<OpenedRelay> {
  const { relay: wanted } = parts.config;
  const { driver, why } = wanted === "auto"
    ? await choose(parts)
    : { driver: wanted, why: undefined };
  return {
    relay: parts.cleanup.use(await openers[driver](parts)),
    description: `${driver} relay${why === undefined ? "" : ` (auto: ${why})`}`,
  };
}

interface Choice {
  readonly driver: RelayDriver;
  readonly why: string;
}

/** The farthest-reaching one that the configuration allows. */
async function choose(parts: OpenRelayParts): Promise<Choice> {
  const { database, upstash, onDenoDeploy } = parts.config;
  if (upstash) {
    return { driver: "upstash", why: "UPSTASH_REDIS_REST_URL is set" };
  }
  if (onDenoDeploy) {
    return { driver: "deno-kv", why: "it crosses the isolates of Deno Deploy" };
  }
  if (database.url === null) {
    return { driver: "local", why: "the embedded database has one isolate" };
  }
  if (await hearsNotifications(parts)) {
    return {
      driver: "postgres",
      why: "it reaches every isolate on this database",
    };
  }
  return {
    driver: "deno-kv",
    why:
      "it crosses the isolates of this process; between processes news waits for the sweep, " +
      "since no notification comes through DATABASE_URL: set DATABASE_DIRECT_URL",
  };
}

const openers: Readonly<
  Record<RelayDriver, (parts: OpenRelayParts) => Promise<Relay>>
> = {
  local: () => Promise.resolve(createLocalRelay()),

  async "deno-kv"({ config, masterKeys, onFailure, cleanup }) {
    const { createDenoKvRelay } = await import("./relay/deno_kv.ts");
    const kv = cleanup.adopt(await openKv(config), (kv) => kv.close());
    return createDenoKvRelay({
      kv,
      envelope: envelopeOf(masterKeys),
      onFailure,
    });
  },

  async upstash({ config, masterKeys, onFailure }) {
    const { createUpstashRelay } = await import("./relay/upstash.ts");
    const { url, token } = config.upstash!;
    return createUpstashRelay({
      url,
      token,
      envelope: envelopeOf(masterKeys),
      onFailure,
    });
  },

  async postgres(parts) {
    if (parts.config.relay === "postgres" && !await hearsNotifications(parts)) {
      throw new Error(
        "Cannot use RELAY=postgres: no notification comes through DATABASE_URL, as behind a " +
          "transaction-mode pooler. Set DATABASE_DIRECT_URL to an address past it",
      );
    }
    const { createPostgresRelay } = await import("./relay/postgres.ts");
    return createPostgresRelay({
      openEar: earOf(parts),
      notify: createNotify(parts.db),
      envelope: envelopeOf(parts.masterKeys),
      onFailure: parts.onFailure,
    });
  },
};

async function hearsNotifications(parts: OpenRelayParts): Promise<boolean> {
  const { hearsItself } = await import("./relay/postgres_hears_itself.ts");
  try {
    return await hearsItself({
      openEar: earOf(parts),
      notify: createNotify(parts.db),
    });
  } catch (cause) {
    const { directUrl, url } = parts.config.database;
    const name = directUrl === url ? "DATABASE_URL" : "DATABASE_DIRECT_URL";
    const reason = (cause as Error).message;
    throw new Error(`Cannot listen through ${name}: ${reason}`, { cause });
  }
}

const earOf = ({ config }: OpenRelayParts): OpenEar => (events, signal) =>
  openNotifications({
    url: config.database.directUrl!,
    ...events,
    signal,
    ...listening,
  });

const envelopeOf = (masterKeys: KeyList) =>
  createEnvelope(createTextSealer(masterKeys, "relay"));

/** The platform's own on Deno Deploy; elsewhere a file that the isolates of one process share. */
async function openKv(
  { dataDir, onDenoDeploy }: OpenRelayParts["config"],
): Promise<Deno.Kv> {
  if (!onDenoDeploy) {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    return await Deno.openKv(join(dataDir, "relay.kv"));
  }
  try {
    return await Deno.openKv();
  } catch (cause) {
    throw new Error(
      "Cannot open Deno KV: give the application a KV database, or set RELAY to another one",
      { cause },
    );
  }
}
