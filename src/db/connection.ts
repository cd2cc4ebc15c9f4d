import postgres from "postgres";

export type Row = Record<string, unknown>;

/** What one statement answered with. `columns` is absent where it answers with none. */
export type Result = Row[] & { columns?: unknown[] | null };

/**
 * One connection to Postgres, opened when it is first needed and again after it was lost.
 *
 * It is a pool of one as the driver sees it: the driver's own larger pool would run a query that
 * follows a lost connection on a fresh one, and so outside the transaction that it belongs to.
 */
export class Connection {
  readonly #driver: postgres.Sql;
  #losses = 0;

  constructor(url: string, connectMs: number) {
    this.#driver = postgres(url, {
      ...unixSocket(url),
      max: 1,
      connection: { application_name: "parley" },
      connect_timeout: connectMs / 1000,
      idle_timeout: 60,
      max_lifetime: null,
      // The callers' own time limit decides how long an absent server is waited for.
      backoff: () => 0.1,
      prepare: false,
      fetch_types: false,
      onnotice: () => {},
      onclose: () => {
        this.#losses++;
      },
      transform: { column: { from: postgres.toCamel } },
      types: {
        bigint: { to: 20, from: [20], parse: Number, serialize: String },
      },
    });
  }

  /** How often the connection was lost: while it stays the same, so does the session. */
  get losses(): number {
    return this.#losses;
  }

  /** One round trip of one or more statements. Rejects as the driver does. */
  async query(script: string): Promise<Result[]> {
    const answer: unknown[] = await this.#driver.unsafe(script).simple();
    // The driver answers with one result, or with an array of them.
    return (Array.isArray(answer[0]) ? answer : [answer]) as Result[];
  }

  /** Ends it, after `graceMs` whatever is in flight; the server rolls an open transaction back. */
  async end(graceMs: number): Promise<void> {
    await this.#driver.end({ timeout: graceMs / 1000 });
  }
}

/** A Unix socket, which libpq writes as a percent-encoded folder in place of the host. */
export function unixSocket(url: string): { path?: string } {
  const [, folder, port = "5432"] =
    url.match(/^\w+:\/\/(?:[^@/]*@)?(%2F[^:/?]*)(?::(\d+))?/i) ?? [];
  return folder === undefined
    ? {}
    : { path: `${decodeURIComponent(folder)}/.s.PGSQL.${port}` };
}
