/**
 * The service, and a door for its test: on SIGUSR2 it collects its garbage and prints what memory it
 * still holds. Needs `--v8-flags=--expose-gc`.
 */
declare const gc: () => void;

Deno.addSignalListener("SIGUSR2", () => {
  gc();
  console.log(`memory ${JSON.stringify(Deno.memoryUsage())}`);
});

await import("../../src/main.ts");
