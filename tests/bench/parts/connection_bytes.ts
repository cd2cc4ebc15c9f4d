import { lowestMemory } from "../memory.ts";
import { plan } from "../plan.ts";
import type { Server } from "../systems/system.ts";
import type { Bench, PerSystem, Running } from "./bench.ts";
import { middle, SideBySide } from "./side_by_side.ts";

/**
 * Resident bytes that a connection adds after its hello, measured on a fresh process of each server:
 * one that has worked has free memory to put them in.
 */
export async function connectionBytes(bench: Bench): Promise<PerSystem> {
  const { before, counted, settleMs } = plan.connections;
  bench.say(`connections: ${counted} idle ones`);
  await using servers = new AsyncDisposableStack();
  const fresh = await Promise.all(bench.running.map(
    async (running): Promise<Running> => {
      const server: Server = servers.use(await running.system.start());
      return { ...running, server };
    },
  ));
  await using sides = await SideBySide.start(bench, "connections", fresh);
  const rounds = await sides.rounds(1, async (generator, { server }) => {
    const { pid } = server.process;
    await generator.tell("hold", { connections: before });
    const empty = await lowestMemory(pid, settleMs);
    await generator.tell("hold", { connections: before + counted });
    return (await lowestMemory(pid, settleMs) - empty) / counted;
  });
  return middle(rounds, Math.round);
}
