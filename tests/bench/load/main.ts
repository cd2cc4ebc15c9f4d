// The load generator of the parts that hold systems side by side, a process of its own.
import type { SystemName } from "../systems/system.ts";
import type { Adapter } from "./adapter.ts";
import { connectGroup, type FanOut } from "./fan_out.ts";
import { floor } from "./floor.ts";
import { Held } from "./held.ts";
import { readHistory } from "./history.ts";
import { obeyOrders } from "./obey.ts";
import type { Orders, Task } from "./orders.ts";
import { Pairs } from "./pairs.ts";
import { parley } from "./parley.ts";
import { closedLoop, fill, openLoop } from "./sends.ts";
import { socketio } from "./socketio.ts";

const adapters: Record<SystemName, Adapter> = { parley, floor, socketio };

type Handlers = {
  [O in keyof Orders]: (
    ask: Orders[O]["ask"],
  ) => Promise<Orders[O]["answer"]>;
};

await obeyOrders<Task>(({ system, host, receiverHost, world }) => {
  const adapter = adapters[system];
  const held = new Held(adapter, host, world);
  let connectedPairs: Promise<Pairs> | undefined;
  let connectedGroup: Promise<FanOut> | undefined;
  const pairs = () =>
    connectedPairs ??= Pairs.connect(adapter, host, world, receiverHost);

  const handlers: Handlers = {
    closedLoop: async (ask) => closedLoop(await pairs(), ask),
    openLoop: async (ask) => openLoop(await pairs(), ask),
    fill: async (ask) => fill(await pairs(), ask),
    fanOut: async (ask) =>
      (await (connectedGroup ??= connectGroup(adapter, host, world, ask)))(ask),
    history: (ask) => readHistory(adapter, host, world, ask),
    hold: ({ connections }) => held.hold(connections),
  };
  return (order, ask) => handlers[order as keyof Orders](ask);
});
