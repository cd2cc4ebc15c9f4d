import type { Process, Processes } from "../processes.ts";
import type { Order, Orders, Task } from "./orders.ts";

/** The load generator's process, as the benchmark sees it. */
export class Generator implements AsyncDisposable {
  private constructor(private readonly process: Process) {}

  static async start(processes: Processes, task: Task): Promise<Generator> {
    const process = processes.start(
      Deno.execPath(),
      ["run", "-A", "tests/bench/load/main.ts"],
      { lines: true },
    );
    await process.write(JSON.stringify(task));
    return new Generator(process);
  }

  /** Rejects when the load could not be put on the system as ordered. */
  async tell<O extends keyof Orders>(
    order: O,
    ask: Orders[O]["ask"],
  ): Promise<Orders[O]["answer"]> {
    await this.process.write(JSON.stringify({ order, ask } as Order));
    const { answer, error } = JSON.parse(await this.process.line());
    if (error !== undefined) throw new Error(error);
    return answer;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.process[Symbol.asyncDispose]();
  }
}
