import type { Process, Processes } from "../processes.ts";

/** Parley, the least that could store a message, and what people use. */
export const systemNames = ["parley", "floor", "socketio"] as const;
export type SystemName = (typeof systemNames)[number];

/** Whom a connection speaks as: an access token for Parley, nothing for its peers. */
export type Person = string;

/** The people and chats that the load is put on. */
export interface World {
  readonly pairs: readonly {
    readonly chatId: string;
    readonly sender: Person;
    readonly receiver: Person;
  }[];
  readonly group: { readonly chatId: string; readonly members: Person[] };
}

/** A running server process of a system. */
export interface Server extends AsyncDisposable {
  readonly process: Process;
  /** Host and port, on loopback. */
  readonly host: string;
}

/** A system under test, with a database of its own. */
export interface System {
  readonly name: SystemName;
  readonly databaseUrl: string;
  /** Starts another server process on the same database and waits until it answers. */
  start(): Promise<Server>;
  /** Makes the people and chats, once. */
  populate(server: Server): Promise<World>;
}

/** What a system needs to be made. */
export interface SystemParts {
  readonly processes: Processes;
  readonly databaseUrl: string;
}
