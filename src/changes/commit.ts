import { type Database, uniqueViolation } from "../db/database.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type {
  Announced,
  Command,
  Decision,
  Head,
  Numbers,
  Read,
  ScopeId,
  State,
  Table,
} from "./command.ts";

/** What became of one command of a batch. */
export type Settled = { readonly reply: unknown } | { readonly error: unknown };

export interface Committed {
  /** One for each command, in order. */
  readonly settled: readonly Settled[];
  /** What the commands did, in the order of their numbers within each scope. */
  readonly events: readonly Announced[];
}

/**
 * Decides and stores a batch in one transaction of two round trips: lock and load, then write and
 * commit. All commands share one working state, so each sees what those before it did. A command
 * that is refused, or whose `decide` throws, takes no number and leaves the others alone; an error
 * from Postgres rejects the whole batch, and nothing of it has happened.
 */
export function commitBatch(
  db: Database,
  commands: readonly Command<unknown>[],
  now: Date,
): Promise<Committed> {
  return db.transaction(async (tx) => {
    const wanted = gather(commands);
    const [heads, ...loaded] = await tx.run(
      lockHeads(commands.flatMap((command) => command.scopes)),
      ...wanted.map(({ table, keys }) => table.load(keys)),
    );
    const working = new WorkingState(heads, now);
    for (const [i, { table }] of wanted.entries()) {
      const rows = loaded[i]!;
      working.fill(table, await table.complete?.(rows) ?? rows);
    }

    const events: Announced[] = [];
    const settled = commands.map((command) => settle(command, working, events));
    await tx.commit(...working.writes());
    return { settled, events };
  });
}

/** Whether the same command, alone and on newer state, would decide differently. */
export const isStale = (error: unknown) => uniqueViolation(error) !== undefined;

function settle(
  command: Command<unknown>,
  working: WorkingState,
  events: Announced[],
): Settled {
  try {
    const decision: Decision<unknown> = command.decide(working);
    if (decision instanceof Problem) return { error: decision };
    if ("reply" in decision) return { reply: decision.reply };
    const numbers = working.numbers();
    const outcome = decision.fact(numbers);
    working.apply(numbers, outcome.rows);
    events.push(...outcome.events);
    return { reply: outcome.reply };
  } catch (error) {
    return { error };
  }
}

/** One load a table, each row named once. */
function gather(commands: readonly Command<unknown>[]): Read[] {
  const byTable = new Map<Read["table"], Map<string, object>>();
  for (const { table, keys } of commands.flatMap((command) => command.reads)) {
    const named = byTable.get(table) ?? new Map<string, object>();
    byTable.set(table, named);
    for (const key of keys) named.set(table.id(key), key);
  }
  return [...byTable].map(([table, keys]) => ({
    table,
    keys: [...keys.values()],
  }));
}

interface HeadRow extends Head {
  readonly scopeId: ScopeId;
}

/** Locks in id order, so that two batches can wait for each other but never both at once. */
const lockHeads = (scopes: readonly ScopeId[]) =>
  sql<HeadRow>`select scope_id, rev, last_seq from heads
    where scope_id = any(${[
    ...new Set(scopes),
  ]}::uuid[]) order by scope_id for update`;

type AnyTable = Read["table"];

class WorkingNumbers implements Numbers {
  readonly taken = new Map<ScopeId, Head>();
  constructor(private readonly heads: Map<ScopeId, Head>, readonly now: Date) {}

  rev(scope: ScopeId): number {
    const head = this.#head(scope);
    this.taken.set(scope, { ...head, rev: head.rev + 1 });
    return head.rev + 1;
  }

  seq(chat: ChatId): number {
    const head = this.#head(chat);
    this.taken.set(chat, { ...head, lastSeq: head.lastSeq + 1 });
    return head.lastSeq + 1;
  }

  #head(scope: ScopeId): Head {
    return this.taken.get(scope) ?? this.heads.get(scope) ??
      { rev: 0, lastSeq: 0 };
  }
}

/** The locked heads and loaded rows, as the commands applied so far have left them. */
class WorkingState implements State {
  readonly #stored = new Set<ScopeId>();
  readonly #heads = new Map<ScopeId, Head>();
  readonly #moved = new Set<ScopeId>();
  readonly #rows = new Map<AnyTable, Map<string, object>>();
  readonly #loaded = new Map<AnyTable, Set<string>>();
  readonly #changed = new Map<AnyTable, Map<string, object>>();

  constructor(heads: readonly HeadRow[], readonly now: Date) {
    for (const { scopeId, rev, lastSeq } of heads) {
      this.#stored.add(scopeId);
      this.#heads.set(scopeId, { rev, lastSeq });
    }
  }

  fill(table: AnyTable, rows: readonly object[]): void {
    const byId = new Map(rows.map((row) => [table.id(row), row]));
    this.#rows.set(table, byId);
    this.#loaded.set(table, new Set(byId.keys()));
  }

  head(scope: ScopeId): Head | undefined {
    return this.#heads.get(scope);
  }

  get<Key extends object, Row extends Key>(
    table: Table<Key, Row>,
    key: Key,
  ): Row | undefined {
    return this.#rows.get(table as unknown as AnyTable)?.get(table.id(key)) as
      | Row
      | undefined;
  }

  numbers(): WorkingNumbers {
    return new WorkingNumbers(this.#heads, this.now);
  }

  apply(
    numbers: WorkingNumbers,
    rows: readonly { table: AnyTable; row: object }[],
  ): void {
    for (const [scope, head] of numbers.taken) {
      this.#heads.set(scope, head);
      this.#moved.add(scope);
    }
    for (const { table, row } of rows) {
      const id = table.id(row);
      for (const kept of [this.#rows, this.#changed]) {
        const ofTable = kept.get(table) ?? new Map<string, object>();
        kept.set(table, ofTable.set(id, row));
      }
    }
  }

  writes(): Statement<unknown>[] {
    const moved = [...this.#moved].map((scopeId) => ({
      scopeId,
      ...this.#heads.get(scopeId)!,
    }));
    const made = moved.filter(({ scopeId }) => !this.#stored.has(scopeId));
    const advanced = moved.filter(({ scopeId }) => this.#stored.has(scopeId));
    return [
      // Plain inserts: where two isolates make the same scope at once, the second must fail.
      ...(made.length > 0 ? [insertHeads(made, this.now)] : []),
      ...(advanced.length > 0 ? [advanceHeads(advanced, this.now)] : []),
      ...[...this.#changed].flatMap(([table, rows]) => this.#save(table, rows)),
    ];
  }

  #save(table: AnyTable, rows: ReadonlyMap<string, object>) {
    if (!table.insert) return table.save([...rows.values()]);
    const loaded = this.#loaded.get(table);
    const found: object[] = [];
    const made: object[] = [];
    for (const [id, row] of rows) (loaded?.has(id) ? found : made).push(row);
    return [
      ...(made.length > 0 ? table.insert(made) : []),
      ...(found.length > 0 ? table.save(found) : []),
    ];
  }
}

const headColumns = {
  scopeId: "uuid",
  rev: "bigint",
  lastSeq: "bigint",
} as const;

const insertHeads = (heads: readonly HeadRow[], now: Date) =>
  sql`insert into heads (scope_id, rev, last_seq, active_at)
    select *, ${now}::timestamptz from ${table(heads, headColumns)}`;

/** A chat is as fresh as its last message: whatever else happens in it leaves its place in a list. */
const advanceHeads = (heads: readonly HeadRow[], now: Date) =>
  sql`update heads set rev = n.rev, last_seq = n.last_seq, changed_xid = pg_current_xact_id(),
      active_at = case when n.last_seq > heads.last_seq
        then greatest(heads.active_at, ${now}::timestamptz) else heads.active_at end
    from ${table(heads, headColumns)} n (scope_id, rev, last_seq)
    where heads.scope_id = n.scope_id`;
