/** Says before a test run, in a line each, what it does without. */
import {
  chromiumProgram,
  oldestDeno,
  pgbouncerProgram,
  postgresPrograms,
  redisProgram,
} from "./programs.ts";

const missing = [
  [
    Deno.env.get("TEST_DATABASE_URL"),
    "TEST_DATABASE_URL is not set: all tests run on the embedded database",
  ],
  [
    postgresPrograms,
    "PostgreSQL's programs are not installed: tests that kill a server are skipped",
  ],
  [
    pgbouncerProgram,
    "pgbouncer is not installed: tests behind a pooler are skipped",
  ],
  [
    redisProgram,
    "redis-server is not installed: tests of the Upstash relay are skipped",
  ],
  [
    oldestDeno,
    "TEST_OLDEST_DENO is not set: the oldest supported Deno is not tried",
  ],
  [
    chromiumProgram,
    "Chromium is not installed: tests in a browser are skipped",
  ],
] as const;

for (const [found, line] of missing) if (!found) console.log(line);
