import { z } from "zod";
import { type KeyList, parseKeyList } from "./lib/key_list.ts";
import { logLevels } from "./lib/log.ts";

/** The environment is not one that the service can start with. Its message names every fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly string[]) {
    super(["Cannot start with this configuration:", ...faults].join("\n  - "));
  }
}

const whole = (from: number, to: number) =>
  z.string().refine(
    (text) => /^\d+$/.test(text) && Number(text) >= from && Number(text) <= to,
    { error: `it must be a whole number from ${from} to ${to}` },
  ).transform(Number);

/** Says what is wrong with a key list, which is a secret, without repeating it. */
const keyList = z.string().transform((text, context): KeyList => {
  try {
    return parseKeyList(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

/** Ways for isolates to tell each other what changed. */
export const relayDrivers = [
  "local",
  "deno-kv",
  "upstash",
  "postgres",
] as const;
export type RelayDriver = (typeof relayDrivers)[number];

/** What an isolate may keep for a while instead of reading it again. */
export const cacheNames = ["devices", "messages"] as const;
export type CacheName = (typeof cacheNames)[number];

const isCacheName = (name: string): name is CacheName =>
  (cacheNames as readonly string[]).includes(name);

/** Every variable that the service reads, and what it takes. */
export const variables = z.object({
  PORT: whole(0, 65535).default(8080),
  HOST: z.string().default("0.0.0.0"),
  PUBLIC_URL: z.string().refine(isOrigin, {
    error: "it must be an http:// or https:// address without a path",
  }).transform((text) => new URL(text).origin).optional(),
  DATA_DIR: z.string().default(".data"),
  DATABASE_URL: z.string().refine(isPostgresUrl, {
    error: "it is not a postgres:// address",
  }).optional(),
  DATABASE_CONNECTIONS: whole(4, 1000).default(8),
  DATABASE_DIRECT_URL: z.string().refine(isPostgresUrl, {
    error: "it is not a postgres:// address",
  }).optional(),
  RELAY: z.enum(["auto", ...relayDrivers], {
    error: `it must be one of auto, ${relayDrivers.join(", ")}`,
  }).default("auto"),
  UPSTASH_REDIS_REST_URL: z.string().refine(isHttpUrl, {
    error: "it is not an http:// or https:// address",
  }).optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().optional(),
  MASTER_KEYS: keyList.optional(),
  JWT_KEYS: keyList.optional(),
  CACHES: z.string().transform((text) =>
    text === "none" ? [] : text.split(",").map((name) => name.trim())
  ).refine((names) => names.every(isCacheName), {
    error: `it must be 'none' or a list of ${cacheNames.join(", ")}`,
  }).transform((names) => names.filter(isCacheName)).default([...cacheNames]),
  SWEEP_MS: whole(100, 600_000).default(5000),
  TRUST_PROXY: whole(0, 10).default(0),
  DENO_DEPLOY: z.string().optional(),
  DENO_JOBS: whole(1, 1024).optional(),
  LINK_PREVIEWS: z.enum(["on", "off"], {
    error: "it must be on or off",
  }).default("off"),
  LOG_LEVEL: z.enum(logLevels, {
    error: `it must be one of ${logLevels.join(", ")}`,
  }).default("info"),
});
type Variables = z.infer<typeof variables>;

const secrets: readonly string[] = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "MASTER_KEYS",
  "JWT_KEYS",
  "UPSTASH_REDIS_REST_TOKEN",
] satisfies (keyof Variables)[];

export interface Config {
  readonly port: number;
  /** The address to listen on. All of them by default, since a container is reached from outside it. */
  readonly host: string;
  /** Where clients reach the service, without a slash at the end: names it in tokens and documents. */
  readonly publicUrl: string;
  /** What the service itself keeps: the embedded database and its secrets. */
  readonly dataDir: string;
  readonly database: {
    /** null: the embedded one. */
    readonly url: string | null;
    readonly connections: number;
    /** Where no pooler stands in between, for LISTEN. The same as `url` unless told otherwise. */
    readonly directUrl: string | null;
  };
  /** How isolates tell each other what changed. `auto`: what the rest of the configuration allows. */
  readonly relay: "auto" | RelayDriver;
  /** Upstash Redis over REST. null: there is none. */
  readonly upstash: { readonly url: string; readonly token: string } | null;
  /** Isolates that `deno task start` runs on a real database. null: as many as there are cores. */
  readonly isolates: number | null;
  /** Whether the platform is Deno Deploy, which says so itself. */
  readonly onDenoDeploy: boolean;
  /** Seal messages. null: kept under `dataDir`. */
  readonly masterKeys: KeyList | null;
  /** Sign access tokens, as Ed25519 seeds. null: kept under `dataDir`. */
  readonly jwtKeys: KeyList | null;
  /** The caches that are in use. */
  readonly caches: readonly CacheName[];
  /** Milliseconds between two looks for changes that the relay did not announce. */
  readonly sweepMs: number;
  /** How many proxies in front add themselves to X-Forwarded-For. */
  readonly trustProxy: number;
  /** Whether the service asks the pages that messages lead to what they say of themselves. */
  readonly linkPreviews: boolean;
  readonly logLevel: Variables["LOG_LEVEL"];
}

/** Reads the configuration. An empty variable counts as absent. Throws `ConfigError` with every fault. */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const given = Object.fromEntries(
    Object.keys(variables.shape).map((name) => [name, env[name] || undefined]),
  );
  const result = variables.safeParse(given);
  const faults = [
    ...result.error?.issues.map((issue) => sentence(issue, given)) ?? [],
    ...missingKeys(given),
    ...missingPartners(given),
  ];
  if (!result.success || faults.length > 0) throw new ConfigError(faults);
  return toConfig(result.data);
}

function toConfig(read: Variables): Config {
  return {
    port: read.PORT,
    host: read.HOST,
    publicUrl: read.PUBLIC_URL ?? `http://localhost:${read.PORT}`,
    dataDir: read.DATA_DIR,
    database: {
      url: read.DATABASE_URL ?? null,
      connections: read.DATABASE_CONNECTIONS,
      directUrl: read.DATABASE_DIRECT_URL ?? read.DATABASE_URL ?? null,
    },
    relay: read.RELAY,
    upstash: upstashOf(read),
    isolates: read.DENO_JOBS ?? null,
    onDenoDeploy: read.DENO_DEPLOY !== undefined,
    masterKeys: read.MASTER_KEYS ?? null,
    jwtKeys: read.JWT_KEYS ?? null,
    caches: read.CACHES,
    sweepMs: read.SWEEP_MS,
    trustProxy: read.TRUST_PROXY,
    linkPreviews: read.LINK_PREVIEWS === "on",
    logLevel: read.LOG_LEVEL,
  };
}

function sentence(
  { path, message }: z.core.$ZodIssue,
  given: Readonly<Record<string, string | undefined>>,
): string {
  const name = String(path[0]);
  if (secrets.includes(name)) return `${name}: ${message}`;
  return `${name} is '${given[name]}': ${message}`;
}

/** Keys that nobody has written down would make the stored messages unreadable at the next start. */
function missingKeys(
  given: Readonly<Record<string, string | undefined>>,
): string[] {
  if (given.DATABASE_URL === undefined) return [];
  return ["MASTER_KEYS", "JWT_KEYS"]
    .filter((name) => given[name] === undefined)
    .map((name) =>
      `${name} must be set together with DATABASE_URL: 'deno task keys new' prints new ones`
    );
}

/** Variables that mean nothing without another one. */
const partners = [
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  ["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
  ["DATABASE_DIRECT_URL", "DATABASE_URL"],
] as const;

const relayNeeds: Partial<Record<string, readonly (keyof Variables)[]>> = {
  upstash: ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  postgres: ["DATABASE_URL"],
};

function missingPartners(
  given: Readonly<Record<string, string | undefined>>,
): string[] {
  const needed = relayNeeds[given.RELAY ?? ""] ?? [];
  const missing = new Map<string, string>([
    ...needed.map((name) => [name, `RELAY=${given.RELAY}`] as const),
    ...partners.filter(([name]) => given[name])
      .map(([name, partner]) => [partner, name] as const),
  ]);
  return [...missing].filter(([name]) => !given[name])
    .map(([name, other]) => `${name} must be set together with ${other}`);
}

function upstashOf(read: Variables): Config["upstash"] {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = read;
  return url === undefined || token === undefined ? null : { url, token };
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) &&
    url.href === `${url.origin}/`;
}

/** Looser than `URL`, which does not know several hosts in one address. */
function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\/[^\s]+$/.test(text);
}
