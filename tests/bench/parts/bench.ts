import type { Databases } from "../databases.ts";
import type { Processes } from "../processes.ts";
import type { Server, System, SystemName, World } from "../systems/system.ts";

/** A system whose server runs and whose people and chats are made. */
export interface Running {
  readonly system: System;
  readonly server: Server;
  readonly world: World;
}

/** What every part of the benchmark works with. */
export interface Bench {
  readonly processes: Processes;
  readonly databases: Databases;
  readonly running: readonly Running[];
  /** Tells the person who waits. */
  say(line: string): void;
}

/** A figure for each system that could be measured. */
export type PerSystem = Partial<Record<SystemName, number>>;
