// `deno task bench [--json] [--only=part,part]`: Parley beside its peers, on one Postgres.
import { bench, type PartName, parts } from "./bench.ts";
import { createDatabases } from "./databases.ts";
import { createProcesses } from "./processes.ts";
import { table } from "./table.ts";
import { targetsOf } from "./targets.ts";

const usage = `Usage: deno task bench [--json] [--only=part,…]
Parts: ${Object.keys(parts).map(kebabCase).join(", ")}`;

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/-[a-z]/g, ([, letter]) => letter!.toUpperCase());
}

const isPart = (name: string): name is PartName => name in parts;
let asJson = false;
let only = Object.keys(parts).filter(isPart);
for (const argument of Deno.args) {
  const [flag, value = ""] = argument.split("=");
  const names = value.split(",").map(camelCase);
  if (argument === "--json") asJson = true;
  else if (flag === "--only" && names.every(isPart)) only = names;
  else fail(usage);
}

const url = Deno.env.get("BENCH_DATABASE_URL");
if (!url) {
  fail(
    "The benchmark needs a PostgreSQL server: set BENCH_DATABASE_URL=postgres://… to one on which it may create databases; it drops them afterwards",
  );
}

const interrupted = Promise.withResolvers<never>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(
    signal,
    () => interrupted.reject(new Error(`Stopped by ${signal}`)),
  );
}

let exitCode = 0;
try {
  await using databases = createDatabases(url);
  await using processes = createProcesses();
  const run = bench({
    processes,
    databases,
    only,
    say: (line) => console.error(line),
  });
  const report = await Promise.race([run, interrupted.promise]);
  console.log(table(report));
  if (asJson) {
    console.log(JSON.stringify({ ...report, targets: targetsOf(report) }));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  exitCode = 1;
}
Deno.exit(exitCode);
