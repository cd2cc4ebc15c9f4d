import type { Statement } from "../db/sql.ts";
import type { Event } from "../protocol/events.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Problem } from "../protocol/problem.ts";

/** What counts its changes with a `rev` of its own: a chat, or what belongs to one account alone. */
export type ScopeId = ChatId | UserId;

/** The counters of a scope as they stand under the lock. */
export interface Head {
  readonly rev: number;
  readonly lastSeq: number;
}

/**
 * One kind of row that commands read and write: the spine's only way to a capability's SQL.
 * A `Row` contains its `Key`. Rows are plain values; a changed row is a new object.
 */
export interface Table<Key extends object, Row extends Key> {
  readonly name: string;
  /** What tells two rows of this table apart. */
  id(key: Key): string;
  /** Reads those of the named rows that exist. Runs under the lock of the scopes. */
  load(keys: readonly Key[]): Statement<Row>;
  /** Completes loaded rows with what Postgres cannot do, such as opening sealed content. */
  complete?(rows: readonly Row[]): Promise<readonly Row[]>;
  /** Writes the present state of the rows, made or changed. */
  save(rows: readonly Row[]): Statement<unknown>[];
  /** The same for rows that `load` did not find, where that can be done for less. */
  insert?(rows: readonly Row[]): Statement<unknown>[];
}

/** Rows that a command wants to see before it decides. Made with `reads`. */
export interface Read {
  readonly table: Table<object, object>;
  readonly keys: readonly object[];
}

export function reads<Key extends object, Row extends Key>(
  table: Table<Key, Row>,
  keys: readonly Key[],
): Read {
  return { table: table as unknown as Read["table"], keys };
}

/** A row as a fact leaves it. Made with `put`. */
export interface Put {
  readonly table: Table<object, object>;
  readonly row: object;
}

export function put<Key extends object, Row extends Key>(
  table: Table<Key, Row>,
  row: Row,
): Put {
  return { table: table as unknown as Put["table"], row };
}

/** What a command may look at: the heads it locked and the rows it named, commands before it applied. */
export interface State {
  /** The moment of the batch, which is that of every change in it. */
  readonly now: Date;
  /** undefined where the scope does not exist. */
  head(scope: ScopeId): Head | undefined;
  get<Key extends object, Row extends Key>(
    table: Table<Key, Row>,
    key: Key,
  ): Row | undefined;
}

/** Hands out the numbers of a fact. Each call takes the next one, so call it once for each change. */
export interface Numbers {
  /** The next `rev` of a locked scope, or 1 for a scope that this fact creates. */
  rev(scope: ScopeId): number;
  /** The next `seq` of a locked chat. */
  seq(chat: ChatId): number;
  /** The moment of the change. */
  readonly now: Date;
}

/** An event and who is to get it. `rev` is the scope's counter the event takes its receivers to. */
export type Announced =
  | {
    readonly chat: ChatId;
    readonly rev?: number;
    readonly event: Event;
    /** Of a receipt: the chat is of two people, who have agreed on what they show each other. */
    readonly pair?: true;
    /** Who did it, where nobody but that person's own devices is to learn it. */
    readonly by?: UserId;
  }
  | { readonly account: UserId; readonly rev?: number; readonly event: Event };

/** Says that a person came or went, and no more: whoever watches her looks how it is. */
export interface Ring {
  readonly presence: UserId;
  /** The one watcher to whom it may be news, where that is nobody else. */
  readonly towards?: UserId;
}

export interface Outcome<Reply> {
  readonly rows: readonly Put[];
  readonly events: readonly Announced[];
  readonly reply: Reply;
}

/**
 * What came of a command: a fact that takes numbers, an answer that changes nothing (a duplicate, or
 * nothing to do), or a problem.
 */
export type Decision<Reply> =
  | { readonly fact: (numbers: Numbers) => Outcome<Reply> }
  | { readonly reply: Reply }
  | Problem;

/**
 * One wish to change something. `decide` is pure: it may run again, in another batch and on newer
 * state, when its first batch had to be rolled back.
 */
export interface Command<Reply> {
  /** Every scope that the fact may take numbers from, those it would create included. */
  readonly scopes: readonly ScopeId[];
  readonly reads: readonly Read[];
  /** Bytes of content that it brings along, so that a batch is not larger than it is good for. */
  readonly bytes?: number;
  /** Slow work that needs no lock, such as sealing; done before the batch is, and only once. */
  prepare?(): Promise<void>;
  decide(state: State): Decision<Reply>;
}

/** What the capabilities know of the spine. */
export interface Changes {
  /**
   * Resolves once the change is durable in Postgres. Rejects with the decision's problem, or with
   * `unavailable`: then it has either not happened, or is safe to repeat with the same id.
   */
  submit<Reply>(command: Command<Reply>): Promise<Reply>;
}
