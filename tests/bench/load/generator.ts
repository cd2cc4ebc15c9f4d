import type { Process, Processes } from "../processes.ts";

/** What a load generator can be told, and what it answers. */
type AnyOrders<O> = { [K in keyof O]: { ask: unknown; answer: unknown } };

/** A load generator's process, as the benchmark sees it. */
export class Generator<O extends AnyOrders<O>> implements AsyncDisposable {
  private constructor(readonly process: Process) {}

  /** Runs a program of this folder, and gives it its task. */
  static async start<O extends AnyOrders<O>>(
    processes: Processes,
    program: string,
    task: unknown,
  ): Promise<Generator<O>> {
    const process = processes.start(
      Deno.execPath(),
      ["run", "-A", `tests/bench/load/${program}`],
      { lines: true },
    );
    await process.write(JSON.stringify(task));
    return new Generator<O>(process);
  }

  /** Rejects when the load could not be put on as ordered. */
  async tell<K extends keyof O>(
    order: K,
    ask: O[K]["ask"],
  ): Promise<O[K]["answer"]> {
    await this.process.write(JSON.stringify({ order, ask }));
    const { answer, error } = JSON.parse(await this.process.line());
    if (error !== undefined) throw new Error(error);
    return answer;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.process[Symbol.asyncDispose]();
  }
}
