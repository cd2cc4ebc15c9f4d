import postgres from "postgres";

/** Makes empty databases beside the one that a URL names, and drops them when disposed. */
export interface Databases extends AsyncDisposable {
  /** The URL of a new database. */
  create(purpose: string): Promise<string>;
  /** How many rows its table `messages` holds. */
  countMessages(url: string): Promise<number>;
  /** Runs a statement, or several, on the database of a URL. */
  run(url: string, text: string): Promise<postgres.Row[]>;
  /** The server's processes that serve the database of a URL; they may be another machine's. */
  backends(url: string): Promise<number[]>;
  version(): Promise<string>;
}

export function createDatabases(server: string): Databases {
  const made = new Map<string, Promise<unknown>>();
  let disposed = false;
  const run = Math.random().toString(36).slice(2, 8);

  async function query(url: string, text: string): Promise<postgres.Row[]> {
    const database = postgres(url, {
      max: 1,
      connect_timeout: 10,
      onnotice: () => {},
    });
    try {
      return await database.unsafe(text);
    } finally {
      await database.end({ timeout: 2 });
    }
  }

  return {
    async create(purpose) {
      if (disposed) throw new Error("The benchmark is ending");
      const name = `parley_bench_${run}_${purpose}`;
      const making = query(server, `create database ${name}`);
      made.set(name, making);
      await making;
      const url = new URL(server);
      url.pathname = `/${name}`;
      return url.href;
    },
    async countMessages(url) {
      const [row] = await query(url, "select count(*) from messages");
      return Number(row!.count);
    },
    run: query,
    async backends(url) {
      const name = new URL(url).pathname.slice(1);
      const rows = await query(
        server,
        `select pid from pg_stat_activity where datname = '${name}'`,
      );
      return rows.map(({ pid }) => Number(pid));
    },
    async version() {
      const [row] = await query(server, "show server_version");
      return String(row!.server_version).split(" ")[0]!;
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      // One that is being made cannot be dropped before it is.
      await Promise.allSettled(made.values());
      for (const name of made.keys()) {
        await query(server, `drop database if exists ${name} with (force)`);
      }
    },
  };
}
