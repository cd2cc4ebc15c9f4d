import { plan } from "../plan.ts";
import type { Process } from "../processes.ts";
import type { Server, World } from "./system.ts";

/** The server of a process whose first line of output names the port it listens on. */
export async function peerServer(process: Process): Promise<Server> {
  const { port } = JSON.parse(await process.line());
  return {
    process,
    host: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** A world in which nobody is anybody: the peers have no accounts, and a chat is but an id. */
export function anonymousWorld(): World {
  const pairs = Array.from({ length: plan.pairs }, () => ({
    chatId: crypto.randomUUID(),
    sender: "",
    receiver: "",
  }));
  return { pairs, group: { chatId: crypto.randomUUID(), members: [""] } };
}
