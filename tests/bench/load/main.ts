// The load generator, a process of its own: it reads a task and then orders, one JSON object a line,
// and answers each order with a line. It ends when its input does.
import type { SystemName } from "../systems/system.ts";
import { TextLineStream } from "../text_lines.ts";
import type { Adapter } from "./adapter.ts";
import { connectGroup, type FanOut } from "./fan_out.ts";
import { floor } from "./floor.ts";
import { Held } from "./held.ts";
import { readHistory } from "./history.ts";
import type { Answer, Order, Task } from "./orders.ts";
import { Pairs } from "./pairs.ts";
import { parley } from "./parley.ts";
import { closedLoop, fill, openLoop } from "./sends.ts";
import { socketio } from "./socketio.ts";

const adapters: Record<SystemName, Adapter> = { parley, floor, socketio };

function obeyer({ system, host, world }: Task) {
  const adapter = adapters[system];
  const held = new Held(adapter, host, world);
  let connectedPairs: Promise<Pairs> | undefined;
  let connectedGroup: Promise<FanOut> | undefined;
  const pairs = () => connectedPairs ??= Pairs.connect(adapter, host, world);

  return async ({ order, ask }: Order): Promise<unknown> => {
    switch (order) {
      case "closedLoop":
        return closedLoop(await pairs(), ask);
      case "openLoop":
        return openLoop(await pairs(), ask);
      case "fill":
        return fill(await pairs(), ask);
      case "fanOut":
        return (await (connectedGroup ??= connectGroup(
          adapter,
          host,
          world,
          ask,
        )))(ask);
      case "history":
        return readHistory(adapter, host, world, ask);
      case "hold":
        return held.hold(ask.connections);
    }
  };
}

let obey: ReturnType<typeof obeyer> | undefined;
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  .pipeThrough(new TextLineStream());
for await (const line of lines) {
  if (obey === undefined) {
    obey = obeyer(JSON.parse(line));
    continue;
  }
  let answer: Answer;
  try {
    answer = { answer: await obey(JSON.parse(line)) };
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  console.log(JSON.stringify(answer));
}
Deno.exit();
