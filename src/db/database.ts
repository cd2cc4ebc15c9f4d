import postgres from "postgres";
import { Problem } from "../protocol/problem.ts";
import { Connection, type Result, type Row } from "./connection.ts";
import { type Lease, Pool } from "./pool.ts";
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
  /** `postgres://…`; a percent-encoded folder in place of the host names a Unix socket, as in libpq. */
  url: string;
  /** Connections at most. The pool must exceed the lane's batches in flight, or reads wait for sends. */
  connections: number;
  /** Time limit of every round trip, in milliseconds. */
  queryMs: number;
}

export function openDatabase(
  { url, connections, queryMs }: DatabaseOptions,
): Database {
  const pool = new Pool(
    () => new Connection(url, queryMs),
    connections,
    queryMs,
  );
  // The server gives up a little earlier, so that its answer is in time and the connection is kept.
  const limit = `set local statement_timeout = ${Math.ceil(queryMs * 0.9)};\n`;
  // Transactions look rows up by key, in pages that are mostly cached. At the cost of a disk the planner
  // takes scans of whole tables for cheaper: 200 keys among 40,000 members took 16 ms instead of 0.5 ms.
  const begin = `begin;\n${limit}` +
    `set local idle_in_transaction_session_timeout = ${queryMs};\n` +
    `set local random_page_cost = 0.1;\n`;
  const beginSnapshot =
    `begin isolation level repeatable read, read only;\n${limit}`;

  /** Past the limit the connection is given up: it may be dead without anyone having been told. */
  async function roundTrip(lease: Lease, text: string): Promise<Result[]> {
    let late: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      late = setTimeout(() => {
        lease.discard();
        reject(unavailable(new Error(`No answer within ${queryMs} ms`)));
      }, queryMs);
    });
    try {
      return await Promise.race([lease.connection.query(text), timeout]);
    } catch (error) {
      throw asProblem(error);
    } finally {
      clearTimeout(late);
    }
  }

  return {
    async run<S extends readonly Statement<unknown>[]>(...statements: S) {
      const lease = await pool.lease();
      try {
        const text = limit + script(statements);
        return rowsOf(await roundTrip(lease, text), statements);
      } finally {
        lease.release();
      }
    },

    async transaction(work) {
      const lease = await pool.lease();
      const { losses } = lease.connection;
      let state: "unopened" | "open" | "closed" = "unopened";
      let failure: { error: unknown } | undefined;

      async function run<S extends readonly Statement<unknown>[]>(
        statements: S,
        end: string,
      ): Promise<Results<S>> {
        if (state === "closed") {
          throw new Error("The transaction is already closed");
        }
        // A failed transaction would answer COMMIT with a silent ROLLBACK.
        if (failure) throw failure.error;
        const opening = state === "unopened" ? begin : "";
        state = "open";
        try {
          if (lease.connection.losses !== losses) {
            throw unavailable(new Error("The connection was lost"));
          }
          const text = opening + script(statements) + end;
          return rowsOf(await roundTrip(lease, text), statements);
        } catch (error) {
          failure ??= { error };
          throw error;
        }
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
        if (isOpen() && lease.connection.losses === losses) {
          await roundTrip(lease, "rollback").catch(lease.discard);
        }
        throw error;
      } finally {
        state = "closed";
        lease.release();
      }
    },

    async snapshot<S extends readonly Statement<unknown>[]>(...statements: S) {
      const lease = await pool.lease();
      try {
        const text = `${beginSnapshot}${script(statements)}commit`;
        return rowsOf(await roundTrip(lease, text), statements);
      } catch (error) {
        lease.discard();
        throw error;
      } finally {
        lease.release();
      }
    },

    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

const separator = "select;\n";
const alwaysAnswers = ({ text }: Statement<unknown>) =>
  /^\s*select\b/i.test(text);

/**
 * The driver has a result for each statement that answers with columns, and none for the others. So
 * where that is not plain, a query without columns follows, to tell whose rows are whose.
 */
function script(statements: readonly Statement<unknown>[]): string {
  return statements.map((statement) =>
    `${statement.text};\n${alwaysAnswers(statement) ? "" : separator}`
  ).join("");
}

function rowsOf<S extends readonly Statement<unknown>[]>(
  results: Result[],
  statements: S,
): Results<S> {
  const answers = results.filter(({ columns }) => columns).values();
  const isSeparator = ({ columns }: Result) => columns!.length === 0;
  return statements.map((statement): Row[] => {
    const answer = answers.next().value!;
    if (alwaysAnswers(statement)) return [...answer];
    if (isSeparator(answer)) return [];
    answers.next();
    return [...answer];
  }) as Results<S>;
}

/** SQLSTATE classes in which the server, not the statement, is at fault (PostgreSQL, appendix A). */
const serverAtFault = /^(08|53|57|58|XX)|^25006$|^25P03$/;

/** What the driver and the system call a connection that is not there: `CONNECTION_CLOSED`, `ECONNREFUSED`. */
const connectionAtFault = /^CONNECT|^E[A-Z]+$/;

function asProblem(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return error;
  const atFault = sqlState(error) ? serverAtFault : connectionAtFault;
  return atFault.test(code) ? unavailable(error) : error;
}

function unavailable(cause: unknown): Problem {
  return new Problem("unavailable", { retryAfterMs: 1000 }, { cause });
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
