import type { Database } from "../db/database.ts";
import { sql, type Statement } from "../db/sql.ts";
import type { ScopeId } from "./command.ts";

/** A row that bears the counter of its last change. */
interface Counted {
  readonly rev: number;
}

/** Where the rows of one kind are found: those with a counter above `rev`, oldest change first. */
export type Source<Row extends Counted> = (
  scope: ScopeId,
  rev: number,
  limit: number,
) => Statement<Row>;

type Rows<S extends readonly Source<Counted>[]> = {
  [I in keyof S]: S[I] extends Source<infer Row> ? Row[] : never;
};

export interface Page<
  S extends readonly Source<Counted>[],
  E extends readonly Statement<unknown>[],
> {
  readonly epoch: string;
  /** The counter of the scope at this moment. */
  readonly rev: number;
  /** The reader is here once it has applied the page. */
  readonly to: number;
  readonly hasMore: boolean;
  readonly rows: Rows<S>;
  /** The rows of the further statements, from the same moment. */
  readonly also: {
    [I in keyof E]: E[I] extends Statement<infer Row> ? Row[] : never;
  };
}

/** A change touches up to two rows of a kind (a reply and what it answers), and a page must hold them both. */
const smallestPage = 2;

/**
 * Reads what changed in a scope after `since`, from one moment of the database: each source's oldest
 * rows, cut at a `rev` up to which every source is complete, so that a page never leaves a hole.
 */
export async function readSince<
  const S extends readonly Source<Counted>[],
  const E extends readonly Statement<unknown>[] = [],
>(
  db: Database,
  scope: ScopeId,
  since: number,
  limit: number,
  sources: S,
  also: E = [] as unknown as E,
): Promise<Page<S, E>> {
  const size = Math.max(limit, smallestPage);
  const [[head], ...found] = await db.snapshot(
    sql<{ epoch: string; rev: number }>`select epoch(),
      coalesce((select rev from heads where scope_id = ${scope}::uuid), 0) as rev`,
    // One more row than fits shows whether a source goes on.
    ...sources.map((source) => source(scope, since, size + 1)),
    ...also,
  );
  const { epoch, rev } = head!;
  const candidates = found.slice(0, sources.length) as Counted[][];
  const to = Math.min(
    rev,
    ...candidates.map((rows) => (rows[size]?.rev ?? Infinity) - 1),
  );
  return {
    epoch,
    rev,
    to,
    hasMore: to < rev,
    rows: candidates.map((rows) => rows.filter((row) => row.rev <= to)) as Rows<
      S
    >,
    also: found.slice(sources.length) as Page<S, E>["also"],
  };
}
