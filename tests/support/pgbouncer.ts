import {
  freePort,
  pgbouncerProgram,
  runAsServerUser,
  serverFolder,
} from "./programs.ts";
import { needsPostgres, type PostgresServer } from "./postgres_server.ts";

/** For tests that go through a pooler, to a PostgreSQL of their own. */
export const needsPgbouncer = () => ({
  ignore: needsPostgres().ignore || pgbouncerProgram === undefined,
});

/** A pgbouncer in transaction mode in front of `server`, with few connections to it. */
export async function startPgbouncer(
  server: PostgresServer,
  poolSize: number,
): Promise<AsyncDisposable & { url: string }> {
  const folder = await serverFolder();
  const port = freePort();
  const settings = `${folder}/pgbouncer.ini`;
  await Deno.writeTextFile(
    settings,
    `[databases]
* = host=127.0.0.1 port=${server.port} user=parley
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
pidfile = ${folder}/pid
logfile = ${folder}/log
`,
  );
  await runAsServerUser(pgbouncerProgram!, "-d", settings);
  return {
    url: `postgres://parley@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      const pid = Number(await Deno.readTextFile(`${folder}/pid`));
      Deno.kill(pid, "SIGTERM");
      await Deno.remove(folder, { recursive: true });
    },
  };
}
