import postgres from "postgres";

/** Makes empty databases beside the one that a URL names, and drops them when disposed. */
export interface Databases extends AsyncDisposable {
  /** The URL of a new database. */
  create(purpose: string): Promise<string>;
  /** How many rows its table `messages` holds. */
  countMessages(url: string): Promise<number>;
  version(): Promise<string>;
}

export function createDatabases(server: string): Databases {
  const made: string[] = [];
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
      const name = `parley_bench_${run}_${purpose}`;
      made.push(name);
      await query(server, `create database ${name}`);
      const url = new URL(server);
      url.pathname = `/${name}`;
      return url.href;
    },
    async countMessages(url) {
      const [row] = await query(url, "select count(*) from messages");
      return Number(row!.count);
    },
    async version() {
      const [row] = await query(server, "show server_version");
      return String(row!.server_version).split(" ")[0]!;
    },
    async [Symbol.asyncDispose]() {
      for (const name of made.splice(0)) {
        await query(server, `drop database if exists ${name} with (force)`);
      }
    },
  };
}
