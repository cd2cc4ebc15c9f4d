import postgres from "postgres";
import { Problem } from "../protocol/problem.ts";
import { type Statement } from "./sql.ts";

/** The rows of each statement, in order. */
export type Results<S extends readonly Statement<unknown>[]> = {
  [I in keyof S]: S[I] extends Statement<infer Row> ? Row[] : never;
};

export interface Queries {
  /**
   * Runs the statements in one round trip and answers with the rows of each.
   * Outside a transaction they succeed or fail together, as one implicit transaction.
   * Column names come back in camelCase, `bigint` as number, `timestamptz` as Date.
   */
  run<S extends readonly Statement<unknown>[]>(
    ...statements: S
  ): Promise<Results<S>>;
}

export interface Transaction extends Queries {
  /**
   * Runs the last statements together with COMMIT, in one round trip.
   * Optional: a transaction whose work returns without it is committed then.
   */
  commit<S extends readonly Statement<unknown>[]>(
    ...statements: S
  ): Promise<Results<S>>;
}

/**
 * Postgres, whichever way it is reached. Nothing here needs a session beyond one transaction, so a
 * transaction-mode pooler may stand in between. Every call ends within `queryMs`: past it, and when
 * the connection is lost, it rejects with the problem `unavailable`, and what it wrote may or may
 * not have happened.
 */
export interface Database extends Queries, AsyncDisposable {
  /** BEGIN travels with the first `run`. A throwing `work` rolls back. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Like `run`, but every statement sees the database at the same moment, and none may write. */
  snapshot<S extends readonly Statement<unknown>[]>(
    ...statements: S
  ): Promise<Results<S>>;
}

export interface DatabaseOptions {
  /** `postgres://…`, or a folder's Unix socket for the embedded server. */
  url: string;
  /** Connections at most. The pool must exceed the lane's batches in flight, or reads wait for sends. */
  connections: number;
  /** Time limit of every round trip, in milliseconds. */
  queryMs: number;
}

type Connection = Pick<postgres.Sql, "unsafe">;
type RawResult = Record<string, unknown>[];

const beginSnapshot = "begin isolation level repeatable read, read only;\n";
const begin = (queryMs: number) =>
  `begin;\nset local statement_timeout = ${queryMs};\n`;

export function openDatabase(
  { url, connections, queryMs }: DatabaseOptions,
): Database {
  let pool = connect();

  function connect() {
    return postgres(url, {
      max: connections,
      connect_timeout: Math.ceil(queryMs / 1000),
      idle_timeout: 60,
      prepare: false,
      fetch_types: false,
      onnotice: () => {},
      transform: { column: { from: postgres.toCamel } },
      types: {
        bigint: { to: 20, from: [20], parse: Number, serialize: String },
      },
    });
  }

  /** A round trip that outlives its limit even after being cancelled hangs on a dead connection. */
  function replacePool(stuck: typeof pool) {
    if (pool !== stuck) return;
    pool = connect();
    void stuck.end({ timeout: 0 }).catch(() => {});
  }

  async function roundTrip(
    from: typeof pool,
    connection: Connection,
    script: string,
  ): Promise<RawResult[]> {
    const query = connection.unsafe(script).simple();
    const onLate = () => {
      query.cancel();
      late = setTimeout(() => replacePool(from), 1000);
    };
    let late = setTimeout(onLate, queryMs);
    try {
      const result: unknown[] = await query;
      // The driver answers one statement with its rows, several with an array of such answers.
      return (Array.isArray(result[0]) ? result : [result]) as RawResult[];
    } catch (error) {
      throw asProblem(error);
    } finally {
      clearTimeout(late);
    }
  }

  async function reserve(from: typeof pool): Promise<postgres.ReservedSql> {
    const wanted = from.reserve();
    let late: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      late = setTimeout(() => {
        wanted.then((connection) => connection.release(), () => {});
        reject(
          new Problem("unavailable", {
            detail: "No database connection became free",
          }),
        );
      }, queryMs);
    });
    try {
      return await Promise.race([wanted, timeout]);
    } catch (error) {
      throw asProblem(error);
    } finally {
      clearTimeout(late);
    }
  }

  return {
    async run<S extends readonly Statement<unknown>[]>(...statements: S) {
      const results = await roundTrip(pool, pool, script(statements));
      return rowsOf(results, 0, statements);
    },

    async transaction(work) {
      const from = pool;
      const connection = await reserve(from);
      let state: "unopened" | "open" | "closed" = "unopened";

      async function run<S extends readonly Statement<unknown>[]>(
        statements: S,
        end: string,
      ) {
        if (state === "closed") {
          throw new Error("The transaction is already closed");
        }
        const opening = state === "unopened" ? begin(queryMs) : "";
        state = "open";
        const results = await roundTrip(
          from,
          connection,
          opening + script(statements) + end,
        );
        return rowsOf(results, opening === "" ? 0 : 2, statements);
      }

      const tx: Transaction = {
        run: (...statements) => run(statements, ""),
        async commit(...statements) {
          const rows = await run(statements, "commit");
          state = "closed";
          return rows;
        },
      };
      const isOpen = () => state === "open";
      try {
        const result = await work(tx);
        if (isOpen()) await tx.commit();
        return result;
      } catch (error) {
        // A lost connection has rolled back by itself.
        if (isOpen()) {
          await roundTrip(from, connection, "rollback").catch(() => {});
        }
        throw error;
      } finally {
        connection.release();
      }
    },

    async snapshot<S extends readonly Statement<unknown>[]>(...statements: S) {
      const from = pool;
      const connection = await reserve(from);
      try {
        const text = `${beginSnapshot}${script(statements)}commit`;
        return rowsOf(await roundTrip(from, connection, text), 1, statements);
      } catch (error) {
        await roundTrip(from, connection, "rollback").catch(() => {});
        throw error;
      } finally {
        connection.release();
      }
    },

    async [Symbol.asyncDispose]() {
      await pool.end({ timeout: 2 });
    },
  };
}

function script(statements: readonly Statement<unknown>[]): string {
  return statements.map((statement) => statement.text + ";\n").join("");
}

function rowsOf<S extends readonly Statement<unknown>[]>(
  results: RawResult[],
  from: number,
  statements: S,
): Results<S> {
  return statements.map((_, i) => [...results[from + i]!]) as Results<S>;
}

/** SQLSTATE classes in which the server, not the statement, is at fault (PostgreSQL, appendix A). */
const serverAtFault = /^(08|53|57|58|XX)|^25006$/;

function asProblem(error: unknown): unknown {
  const code = (error as { code?: unknown })?.code;
  if (typeof code !== "string") return error;
  if (sqlState(error) === undefined || serverAtFault.test(code)) {
    return new Problem("unavailable", { retryAfterMs: 1000 }, { cause: error });
  }
  return error;
}

/** The SQLSTATE of an error that Postgres answered with; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof postgres.PostgresError ? error.code : undefined;
}

/** Whether two transactions stood in each other's way, so that the same work may succeed when repeated. */
export function isContention(error: unknown): boolean {
  const code = sqlState(error);
  return code === "40001" || code === "40P01" || code === "55P03";
}

/** The name of the unique constraint that a write ran into, if that is what happened. */
export function uniqueViolation(error: unknown): string | undefined {
  return sqlState(error) === "23505"
    ? (error as postgres.PostgresError).constraint_name ?? ""
    : undefined;
}
