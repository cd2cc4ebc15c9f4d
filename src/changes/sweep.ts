import type { Database } from "../db/database.ts";
import { sql, type Statement } from "../db/sql.ts";
import { unseenFrom } from "./unseen.ts";

/** A scope that has changed lately, and how far it is. */
export interface SweptHead {
  readonly scopeId: string;
  readonly rev: number;
}

/** Something that changes without taking a `rev`, whose rows bear the transaction of their change. */
export interface SweepSource<Row> {
  /**
   * The rows that any transaction from `from` on has changed: those where `changed_xid >= from`.
   * null: nobody here would want to know.
   */
  statement(from: string): Statement<Row> | null;
  /** Gets what was found, unless that was nothing; the same row may come again. */
  on(rows: readonly Row[]): void;
}

export interface SweepParts {
  readonly db: Database;
  readonly intervalMs: number;
  /** Gets every scope that may have changed since the sweep before; the same one may come again. */
  onHeads(heads: readonly SweptHead[]): void;
  /** What is looked for besides, at the same moment. */
  readonly sources?: readonly SweepSource<unknown>[];
  /** A failed sweep is tried again at the next interval and leaves nothing out. */
  onFailure(error: unknown): void;
}

export interface Sweep extends AsyncDisposable {
  /** Sweeps now. Resolves when done; never rejects. */
  once(): Promise<void>;
}

const unseen = sql<{ from: string }>`select ${unseenFrom} as "from"`;

/**
 * The net under the relay (anti-entropy): asks Postgres at each interval which scopes have changed.
 * Resolves once it knows where the database stands, so that it steps over nothing that happens from
 * then on; rejects where it cannot ask.
 *
 * It asks by transaction, not by time: each sweep from where the one before could have missed
 * something (`unseen.ts`), so it steps over nothing, whatever was under way then.
 */
export async function startSweep(
  { db, intervalMs, onHeads, sources: further = [], onFailure }: SweepParts,
): Promise<Sweep> {
  const heads: SweepSource<SweptHead> = {
    statement: (from) =>
      sql`select scope_id, rev from heads where changed_xid >= ${from}::xid8`,
    on: onHeads,
  };
  const sources: readonly SweepSource<unknown>[] = [heads, ...further];
  const [[start]] = await db.snapshot(unseen);
  let { from } = start!;
  let running: Promise<void> | undefined;

  async function sweep() {
    try {
      const asked = sources.flatMap((source) => {
        const statement = source.statement(from);
        return statement === null ? [] : [{ source, statement }];
      });
      const [[now], ...found] = await db.snapshot(
        unseen,
        ...asked.map(({ statement }) => statement),
      );
      asked.forEach(({ source }, i) => {
        const rows = found[i]!;
        if (rows.length > 0) source.on(rows);
      });
      from = now!.from;
    } catch (error) {
      onFailure(error);
    }
  }

  function once() {
    running ??= sweep().finally(() => running = undefined);
    return running;
  }

  const timer = setInterval(() => void once(), intervalMs);

  return {
    once,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
