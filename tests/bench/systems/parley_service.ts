import { createAccessTokens } from "../../../src/crypto/access_tokens.ts";
import { newKeyEntry, parseKeyList } from "../../../src/lib/key_list.ts";
import type { DeviceId, UserId } from "../../../src/protocol/ids.ts";
import { freePort, untilOk } from "../ports.ts";
import type { Server, SystemParts } from "./system.ts";

export interface StartOptions {
  /** What stands between `deno run` and the file of the service. */
  readonly args?: readonly string[];
  /** Beyond what all its processes have in common. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The service of this repository, migrated and configured as an operator would. */
export interface ParleyService {
  readonly databaseUrl: string;
  /** Starts another process of it, with one isolate, and waits until it is ready. */
  start(options?: StartOptions): Promise<Server>;
  /** So many isolates behind one port, as `deno task start` does it. */
  startIsolates(
    count: number,
    env?: StartOptions["env"],
  ): Promise<Server>;
  /** Two isolates in one process, each behind a port of its own. */
  startTwins(env?: StartOptions["env"]): Promise<[Server, Server]>;
  /** An access token as the service makes them; good for an hour. */
  tokenOf(userId: UserId, deviceId: DeviceId): Promise<string>;
}

const tokenMs = 3_600_000;

export async function createParleyService(
  { processes, databaseUrl }: SystemParts,
): Promise<ParleyService> {
  const jwtKeys = newKeyEntry("bench");
  // Names the issuer of the tokens, which every process of the service must agree on.
  const publicUrl = "http://parley.bench";
  const common = {
    DATABASE_URL: databaseUrl,
    MASTER_KEYS: newKeyEntry("bench"),
    JWT_KEYS: jwtKeys,
    PUBLIC_URL: publicUrl,
    HOST: "127.0.0.1",
    // Its peers do not write a line for each request either.
    LOG_LEVEL: "warn",
  };
  const migrate = processes.start(Deno.execPath(), ["task", "migrate"], {
    env: common,
  });
  if (!await migrate.ended) throw new Error(migrate.complaint());
  const accessTokens = await createAccessTokens({
    keys: parseKeyList(jwtKeys),
    issuer: publicUrl,
    audience: publicUrl,
    lifetimeMs: tokenMs,
  });

  /** Starts a process that listens on these ports, and waits until it is ready on all of them. */
  async function launch(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    ports: readonly number[],
  ): Promise<Server[]> {
    const process = processes.start(Deno.execPath(), args, {
      env: { ...common, ...env },
    });
    return await Promise.all(ports.map(async (port): Promise<Server> => {
      const host = `127.0.0.1:${port}`;
      await untilOk(`http://${host}/health/ready`, process);
      return {
        process,
        host,
        [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
      };
    }));
  }

  return {
    databaseUrl,
    async start({ args = [], env = {} } = {}) {
      const port = freePort();
      const [server] = await launch(
        ["run", "-A", ...args, "src/main.ts"],
        { ...env, PORT: String(port) },
        [port],
      );
      return server!;
    },
    async startIsolates(count, env = {}) {
      const port = freePort();
      const [server] = await launch(
        [
          "serve",
          "-A",
          "--parallel",
          "--host=127.0.0.1",
          `--port=${port}`,
          "src/serve.ts",
        ],
        { ...env, PORT: String(port), DENO_JOBS: String(count) },
        [port],
      );
      return server!;
    },
    async startTwins(env = {}) {
      const ports = [freePort(), freePort()];
      const servers = await launch(
        ["run", "-A", "tests/bench/twins_main.ts"],
        { ...env, PORTS: ports.join(",") },
        ports,
      );
      return servers as [Server, Server];
    },
    async tokenOf(userId, deviceId) {
      return (await accessTokens.issue(userId, deviceId)).accessToken;
    },
  };
}
