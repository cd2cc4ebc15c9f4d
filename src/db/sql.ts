import { isoTime } from "../lib/iso_time.ts";

type Scalar = string | number | boolean | Date | Uint8Array | null;

/** A value that can stand in a statement. `undefined` is refused: say `null` where NULL is meant. */
export type SqlValue =
  | Scalar
  | readonly Scalar[]
  | Statement<unknown>;

/** SQL text with its values already quoted; `Row` is the shape of the rows it returns. */
export class Statement<Row> {
  declare readonly row: Row;
  constructor(readonly text: string) {}
}

/**
 * Builds a statement: every interpolated value becomes a quoted literal, a `Statement` is embedded
 * as it is. Write the type beside the value (`${id}::uuid`), since a literal has none of its own.
 *
 * Values travel as literals, not as parameters, because only then can several statements share one
 * round trip through a transaction-mode pooler, where prepared statements are unsafe. Measured on
 * batches of 100 inserts: as fast as prepared and pipelined, 1.4 times as fast as unprepared.
 */
export function sql<Row = never>(
  strings: TemplateStringsArray,
  ...values: SqlValue[]
): Statement<Row> {
  let text = strings[0]!;
  values.forEach((value, i) => {
    text += (value instanceof Statement ? value.text : literal(value)) +
      strings[i + 1]!;
  });
  return new Statement<Row>(text);
}

/**
 * A table-valued `unnest(…)` with one array a column, for writing many rows with one statement:
 * ``sql`insert into t (a, b) select * from ${table(rows, { a: "uuid", b: "bigint" })}` ``.
 */
export function table<T extends object>(
  rows: readonly T[],
  types: { readonly [K in keyof T]?: string },
): Statement<unknown> {
  const columns = (Object.entries(types) as [keyof T, string][]).map((
    [column, type],
  ) => `${arrayOf(rows, (row) => row[column] as Scalar)}::${type}[]`);
  return new Statement(`unnest(${columns.join(", ")})`);
}

/** The SQL literal of an array: one pass, and one look at the whole for what must be escaped. */
function arrayOf<T>(items: readonly T[], valueOf: (item: T) => Scalar) {
  let text = "{";
  for (const item of items) {
    text += (text.length === 1 ? "" : ",") + element(valueOf(item));
  }
  return quote(text + "}");
}

/** The SQL literal of a value, quoted as libpq's `PQescapeLiteral` does. */
export function literal(value: Exclude<SqlValue, Statement<unknown>>): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number") {
    if (!Number.isFinite(value)) {
      throw new TypeError(`Cannot write ${value} as SQL`);
    }
    // The brackets keep a minus sign from joining the operator before it.
    return value < 0 ? `(${value})` : String(value);
  }
  if (Array.isArray(value)) return arrayOf(value, (item) => item);
  return quote(plain(value as string | Date | Uint8Array));
}

function plain(value: string | Date | Uint8Array): string {
  if (typeof value === "string") return value;
  if (value instanceof Date) return isoTime(value);
  if (value instanceof Uint8Array) return "\\x" + value.toHex();
  throw new TypeError(`Cannot write a value of type ${typeof value} as SQL`);
}

/** One element of an array literal: quotes and backslashes are escaped once more inside it. */
function element(value: Scalar): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `"\\\\x${value.toHex()}"`;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`Cannot write ${value} as SQL`);
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  const text = plain(value);
  const isPlain = !text.includes('"') && !text.includes("\\");
  return isPlain ? `"${text}"` : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function quote(text: string): string {
  if (text.includes("\0")) throw new TypeError("Cannot write U+0000 as SQL");
  if (!text.isWellFormed()) {
    throw new TypeError("Cannot write a lone surrogate as SQL");
  }
  const doubled = text.replaceAll("'", "''");
  // The E'' form means the same whatever `standard_conforming_strings` says.
  return text.includes("\\")
    ? ` E'${doubled.replaceAll("\\", "\\\\")}'`
    : `'${doubled}'`;
}
