import type { NotedFault } from "./fault_log.ts";

/** Something that goes wrong, and is put right again. */
export interface Fault {
  readonly name: string;
  readonly hits: NotedFault["hits"];
  /** Of how many processes it hits one; absent where it hits what all of them use. */
  readonly processes?: number;
  /** How long it stands, in milliseconds. */
  readonly holdMs: readonly [from: number, to: number];
  /** Makes it happen. The answer puts it right, and resolves once everything could work again. */
  inject(process: number): Promise<() => Promise<void>>;
}
