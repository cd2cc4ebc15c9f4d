import { TextLineStream } from "../text_lines.ts";
import type { Answer } from "./orders.ts";

/** Obeys an order; what it answers goes back as JSON. */
export type Obey = (order: string, ask: never) => Promise<unknown>;

/**
 * The life of a load generator's process: the first line of its input is the task, every further one
 * an order, which is answered with one line. It ends with its input.
 */
export async function obeyOrders<Task>(
  begin: (task: Task) => Obey,
): Promise<never> {
  let obey: Obey | undefined;
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    if (obey === undefined) {
      obey = begin(JSON.parse(line));
      continue;
    }
    const { order, ask } = JSON.parse(line);
    let answer: Answer;
    try {
      answer = { answer: await obey(order, ask as never) ?? null };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      answer = { error: why };
    }
    console.log(JSON.stringify(answer));
  }
  Deno.exit();
}
