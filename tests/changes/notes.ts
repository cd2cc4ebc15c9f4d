import {
  type Command,
  put,
  reads,
  type ScopeId,
  type State,
  type Table,
} from "../../src/changes/mod.ts";
import type { Database } from "../../src/db/database.ts";
import { sql, table } from "../../src/db/sql.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";

/** The smallest capability there can be, so that the spine is tested without any of the real ones. */
export interface Note {
  readonly noteId: string;
  readonly scopeId: ScopeId;
  readonly seq: number;
  readonly rev: number;
  readonly text: string;
}

/** Text that Postgres refuses, which is more than `decide` can know. */
export const poison = "poison";

/** Makes the table of the notes. */
export async function prepareNotes(db: Database): Promise<void> {
  await db.run(sql`create table notes (
    note_id text not null unique, scope_id uuid not null, seq bigint not null,
    rev bigint not null, text text not null check (text <> ${poison}),
    primary key (scope_id, seq))`);
}

const columns = sql`note_id, scope_id, seq, rev, text`;

type NoteKey = Pick<Note, "noteId">;
export type NoteTable = Table<NoteKey, Note>;

/** The notes; `onLoaded` runs inside the transaction, between its two round trips. */
export const noteTable = (
  onLoaded: () => Promise<void> = () => Promise.resolve(),
): NoteTable => ({
  name: "notes",
  id: ({ noteId }) => noteId,
  load: (keys) =>
    sql<Note>`select ${columns} from notes
      where note_id = any(${keys.map(({ noteId }) => noteId)}::text[])`,
  async complete(rows) {
    await onLoaded();
    return rows;
  },
  save: (rows) => [
    sql`insert into notes (${columns}) select * from ${
      table(rows, {
        noteId: "text",
        scopeId: "uuid",
        seq: "bigint",
        rev: "bigint",
        text: "text",
      })
    } on conflict (scope_id, seq) do update set rev = excluded.rev, text = excluded.text`,
  ],
});

const notes = noteTable();

export const newScope = () => crypto.randomUUID() as ChatId;

export interface Written {
  readonly rev: number;
  readonly seq: number;
  readonly duplicate: boolean;
}

export interface WriteOptions {
  readonly text?: string;
  readonly table?: NoteTable;
  /** Sees the state first. */
  readonly onDecide?: (state: State, stored: Note | undefined) => void;
}

/** Writes a note, and makes its scope with the first one. The same id again is a duplicate. */
export const write = (
  scopeId: ChatId,
  noteId: string,
  { text = noteId, table = notes, onDecide }: WriteOptions = {},
): Command<Written> => ({
  scopes: [scopeId],
  reads: [reads(table, [{ noteId }])],
  decide(state) {
    const stored = state.get(table, { noteId });
    onDecide?.(state, stored);
    if (stored) {
      const { rev, seq } = stored;
      return stored.scopeId === scopeId
        ? { reply: { rev, seq, duplicate: true } }
        : new Problem("id_taken");
    }
    return {
      fact(numbers) {
        const rev = numbers.rev(scopeId);
        const seq = numbers.seq(scopeId);
        return {
          rows: [put(table, { noteId, scopeId, seq, rev, text })],
          events: [{
            chat: scopeId,
            rev,
            event: { type: "chat.behind", chatId: scopeId, rev },
          }],
          reply: { rev, seq, duplicate: false },
        };
      },
    };
  },
});

/** Changes notes that are there, all with the same `rev`. */
export const rewrite = (
  scopeId: ChatId,
  noteIds: string | readonly string[],
  text: string,
  table = notes,
): Command<number> => {
  const keys = [noteIds].flat().map((noteId) => ({ noteId }));
  return {
    scopes: [scopeId],
    reads: [reads(table, keys)],
    decide: (state) => ({
      fact(numbers) {
        const rev = numbers.rev(scopeId);
        const rows = keys.map((key) => ({
          ...state.get(table, key)!,
          rev,
          text,
        }));
        return {
          rows: rows.map((row) => put(table, row)),
          events: [],
          reply: rev,
        };
      },
    }),
  };
};

/** Is refused once it has looked at the state. */
export const refused = (scopeId: ChatId): Command<never> => ({
  scopes: [scopeId],
  reads: [],
  decide: () => new Problem("forbidden"),
});

/** Takes its numbers, and fails then. */
export const stumbling = (scopeId: ChatId): Command<never> => ({
  scopes: [scopeId],
  reads: [],
  decide: () => ({
    fact(numbers) {
      numbers.rev(scopeId);
      numbers.seq(scopeId);
      throw new Error("Stumbled");
    },
  }),
});

/** Where a scope stands in the database, and its notes in the order of their numbers. */
export async function stored(db: Database, scopeId: ChatId) {
  const [[head], rows] = await db.snapshot(
    sql<
      { rev: number; lastSeq: number }
    >`select rev, last_seq from heads where scope_id = ${scopeId}::uuid`,
    sql<
      Note
    >`select ${columns} from notes where scope_id = ${scopeId}::uuid order by seq`,
  );
  return { head, notes: rows };
}
