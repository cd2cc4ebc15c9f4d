import { type App, createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { newKeyEntry } from "../../src/lib/key_list.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Overrides } from "../../src/overrides.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly db: TestDatabase;
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  /** What names its database and holds its keys, for another isolate or process on the same data. */
  readonly env: Record<string, string>;
  /** Everything logged as a warning or worse, a JSON object a line. */
  readonly complaints: string[];
}

/** The whole service in this process, on a database and a port of its own. */
export async function testApp(
  env: Record<string, string> = {},
  overrides: Overrides = {},
): Promise<TestApp> {
  await using cleanup = new AsyncDisposableStack();
  const db = cleanup.use(await testDatabase());
  const app = cleanup.use(
    await appOn(db, {
      DATABASE_URL: db.url,
      MASTER_KEYS: newKeyEntry("m1"),
      JWT_KEYS: newKeyEntry("j1"),
      PUBLIC_URL: "http://parley.test",
      RELAY: "local",
      ...env,
    }, overrides),
  );
  const stack = cleanup.move();
  return { ...app, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/**
 * Another isolate of the service on the same data, as if on another machine: the local relays of the
 * two know nothing of each other.
 */
export const anotherIsolate = (
  { db, env }: TestApp,
  more: Record<string, string> = {},
  overrides: Overrides = {},
): Promise<TestApp> => appOn(db, { ...env, ...more }, overrides);

async function appOn(
  db: TestDatabase,
  env: Record<string, string>,
  overrides: Overrides,
): Promise<TestApp> {
  await using cleanup = new AsyncDisposableStack();
  const complaints: string[] = [];
  const log = createLog({
    level: "warn",
    write: (line) => complaints.push(line),
  });
  const app = cleanup.use(await createApp(readConfig(env), log, overrides));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    app.fetch,
  );
  cleanup.defer(() => server.shutdown());
  cleanup.defer(() => app.drain());
  const stack = cleanup.move();
  return {
    app,
    db,
    url: `http://127.0.0.1:${server.addr.port}`,
    env,
    complaints,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
