import assert from "node:assert/strict";
import { ConfigError, readConfig, variables } from "../src/config.ts";
import { newKeyEntry } from "../src/lib/key_list.ts";

const complete = {
  DATABASE_URL: "postgres://parley:hunter2@db.example/parley",
  MASTER_KEYS: newKeyEntry("m1"),
  JWT_KEYS: newKeyEntry("j1"),
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

Deno.test("readConfig() needs nothing", () => {
  const config = readConfig({});
  assert.equal(config.port, 8080);
  assert.equal(config.publicUrl, "http://localhost:8080");
  assert.equal(config.database.url, null);
  assert.equal(config.masterKeys, null);
  assert.equal(config.relay, "auto");
  assert.equal(config.upstash, null);
});

Deno.test("readConfig() takes an empty variable as absent", () => {
  const empty = Object.fromEntries(
    Object.keys(variables.shape).map((name) => [name, ""]),
  );
  assert.deepEqual(readConfig(empty), readConfig({}));
});

Deno.test("readConfig() reads every variable", () => {
  const config = readConfig({
    ...complete,
    PORT: "9000",
    HOST: "127.0.0.1",
    PUBLIC_URL: "https://chat.example/",
    DATA_DIR: "/var/lib/parley",
    DATABASE_CONNECTIONS: "20",
    DATABASE_DIRECT_URL: "postgres://direct.example/parley",
    RELAY: "upstash",
    UPSTASH_REDIS_REST_URL: "https://redis.example",
    UPSTASH_REDIS_REST_TOKEN: "hunter3",
    DENO_DEPLOY: "true",
    DENO_JOBS: "3",
    CACHES: "messages",
    SWEEP_MS: "1000",
    TRUST_PROXY: "1",
    LINK_PREVIEWS: "on",
    LOG_LEVEL: "debug",
  });
  assert.deepEqual(
    { ...config, masterKeys: [...config.masterKeys!.keys()], jwtKeys: null },
    {
      port: 9000,
      host: "127.0.0.1",
      publicUrl: "https://chat.example",
      dataDir: "/var/lib/parley",
      database: {
        url: complete.DATABASE_URL,
        connections: 20,
        directUrl: "postgres://direct.example/parley",
      },
      relay: "upstash",
      upstash: { url: "https://redis.example", token: "hunter3" },
      isolates: 3,
      onDenoDeploy: true,
      masterKeys: ["m1"],
      jwtKeys: null,
      caches: ["messages"],
      sweepMs: 1000,
      trustProxy: 1,
      linkPreviews: true,
      logLevel: "debug",
    },
  );
});

Deno.test("readConfig() names every fault at once", () => {
  const faults = faultsOf({
    PORT: "65536",
    PUBLIC_URL: "https://chat.example/parley",
    DATABASE_URL: "mysql://db.example/parley",
    DATABASE_CONNECTIONS: "3",
    RELAY: "pigeons",
    MASTER_KEYS: "m1:short",
    CACHES: "none,messages",
    SWEEP_MS: "soon",
    TRUST_PROXY: "-1",
    LINK_PREVIEWS: "perhaps",
    LOG_LEVEL: "loud",
  });
  const names = faults.map((fault) => fault.split(/[ :]/)[0]);
  assert.deepEqual(names, [
    "PORT",
    "PUBLIC_URL",
    "DATABASE_URL",
    "DATABASE_CONNECTIONS",
    "RELAY",
    "MASTER_KEYS",
    "CACHES",
    "SWEEP_MS",
    "TRUST_PROXY",
    "LINK_PREVIEWS",
    "LOG_LEVEL",
    "JWT_KEYS",
  ]);
  assert.equal(
    faults[0],
    "PORT is '65536': it must be a whole number from 0 to 65535",
  );
});

Deno.test("readConfig() asks for what a relay needs", () => {
  const { DATABASE_URL: _, ...embedded } = complete;
  const url = "https://redis.example.com";
  const faulty: [env: Record<string, string>, missing: string][] = [
    [
      { RELAY: "upstash", UPSTASH_REDIS_REST_URL: url },
      "UPSTASH_REDIS_REST_TOKEN",
    ],
    [{ UPSTASH_REDIS_REST_URL: url }, "UPSTASH_REDIS_REST_TOKEN"],
    [{ UPSTASH_REDIS_REST_TOKEN: "t" }, "UPSTASH_REDIS_REST_URL"],
    [{ RELAY: "postgres" }, "DATABASE_URL"],
    [{ DATABASE_DIRECT_URL: "postgres://db.example/parley" }, "DATABASE_URL"],
  ];
  for (const [env, missing] of faulty) {
    const [fault, ...others] = faultsOf({ ...embedded, RELAY: "auto", ...env });
    assert.match(fault!, new RegExp(`^${missing} must be set together with`));
    assert.deepEqual(others, []);
  }
});

Deno.test("readConfig() asks for keys where the database is not its own", () => {
  const { DATABASE_URL } = complete;
  const faults = faultsOf({ DATABASE_URL });
  assert.deepEqual(faults.map((fault) => fault.split(" ")[0]), [
    "MASTER_KEYS",
    "JWT_KEYS",
  ]);
  for (const fault of faults) assert.match(fault, /deno task keys new/);
});

Deno.test("readConfig() repeats no secret", () => {
  const key = newKeyEntry("m1").slice(3);
  const wrong = [
    { ...complete, DATABASE_URL: "mysql://parley:hunter2@db.example/parley" },
    { ...complete, MASTER_KEYS: key },
    { ...complete, MASTER_KEYS: `m1:${key},m1:${key}` },
    { ...complete, JWT_KEYS: `j1:${key}${key}` },
    { ...complete, JWT_KEYS: `not an id:${key}` },
  ];
  for (const env of wrong) {
    const [fault, ...others] = faultsOf(env);
    assert.deepEqual(others, []);
    assert.ok(!fault!.includes("hunter2") && !fault!.includes(key), fault);
  }
});

Deno.test(".env.example names exactly the variables that the service reads", async () => {
  const example = await Deno.readTextFile(
    new URL("../.env.example", import.meta.url),
  );
  const names = example.matchAll(/^#?\s?([A-Z][A-Z_]+)=/gm);
  assert.deepEqual(
    [...names].map(([, name]) => name).sort(),
    Object.keys(variables.shape)
      // The platform's own, not for people to set.
      .filter((name) => name !== "DENO_DEPLOY").sort(),
  );
});
