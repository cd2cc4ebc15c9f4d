// Two isolates of the service in one process, each with a port of its own, so that a load can tell
// them apart. `deno serve --parallel` has them share one.
import type { Twin } from "./twin.ts";

const isolates = Deno.env.get("PORTS")!.split(",").map((port) => {
  const isolate = new Worker(new URL("./twin.ts", import.meta.url), {
    type: "module",
    name: `port ${port}`,
  });
  isolate.postMessage({ port } satisfies Twin);
  return isolate;
});

await new Promise<void>((stop) =>
  Deno.addSignalListener("SIGTERM", () => stop())
);
for (const isolate of isolates) isolate.terminate();
Deno.exit();
