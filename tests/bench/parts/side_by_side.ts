import { Generator } from "../load/generator.ts";
import type { Orders, Task } from "../load/orders.ts";
import { median } from "../statistics.ts";
import type { SystemName } from "../systems/system.ts";
import type { Bench, PerSystem, Running } from "./bench.ts";

/** What the rounds came to, system by system. */
export type Rounds<T> = Map<SystemName, T[]>;

/**
 * A load generator for each system. Rounds go A B C A B C; a system that fails is left out from then
 * on, with a line that says why.
 */
export class SideBySide implements AsyncDisposable {
  #pairs: { running: Running; generator: Generator<Orders> }[] = [];
  readonly #generators = new AsyncDisposableStack();

  private constructor(
    private readonly bench: Bench,
    private readonly part: string,
  ) {}

  static async start(
    bench: Bench,
    part: string,
    systems: readonly Running[] = bench.running,
  ): Promise<SideBySide> {
    const sides = new SideBySide(bench, part);
    for (const running of systems) {
      const { system: { name: system }, server: { host }, world } = running;
      const generator = sides.#generators.use(
        await Generator.start<Orders>(
          bench.processes,
          "main.ts",
          { system, host, world } satisfies Task,
        ),
      );
      sides.#pairs.push({ running, generator });
    }
    return sides;
  }

  async rounds<T>(
    count: number,
    round: (generator: Generator<Orders>, running: Running) => Promise<T>,
  ): Promise<Rounds<T>> {
    const results: Rounds<T> = new Map();
    for (let i = 0; i < count; i++) {
      for (const side of [...this.#pairs]) {
        const { name } = side.running.system;
        try {
          const result = await round(side.generator, side.running);
          results.set(name, [...results.get(name) ?? [], result]);
        } catch (error) {
          this.#pairs = this.#pairs.filter((other) => other !== side);
          results.delete(name);
          const why = error instanceof Error ? error.message : String(error);
          this.bench.say(`${this.part}: leaving ${name} out: ${why}`);
        }
      }
    }
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#generators[Symbol.asyncDispose]();
  }
}

/** The median of the rounds, for each system. */
export function middle<T>(
  rounds: Rounds<T>,
  figure: (result: T) => number,
): PerSystem {
  const entries = [...rounds].map((
    [name, results],
  ) => [name, median(results.map(figure))]);
  return Object.fromEntries(entries);
}
