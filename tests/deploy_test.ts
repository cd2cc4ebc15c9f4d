/**
 * As Deno Deploy starts it: a copy of what is deployed, the commands of `deploy` in deno.json, no flag
 * but the permissions that the platform gives, an address that the platform chooses, SIGINT at the end.
 */
import assert from "node:assert/strict";
import project from "../deno.json" with { type: "json" };
import { testDatabase } from "./support/database.ts";
import { groupOf, newPerson, personOf } from "./support/peer.ts";
import { freePort, oldestDeno } from "./support/programs.ts";
import { say } from "./support/say.ts";
import { newKeys } from "./support/service.ts";

const { install, predeploy, runtime } = project.deploy;

/** What the platform allows, in kibibytes. */
const memoryKiB = runtime.memoryLimit * 1024;

async function deployedFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "parley-deploy-" });
  const { success } = await new Deno.Command("cp", {
    args: ["-r", "deno.json", "deno.lock", "src", "migrations", path],
  }).output();
  assert.ok(success);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Runs a command of the `deploy` section, whose first word is `deno`. */
async function runCommand(
  deno: string,
  command: string,
  options: Pick<Deno.CommandOptions, "cwd" | "env">,
) {
  const [program, ...args] = command.split(" ");
  assert.equal(program, "deno");
  const { success, stderr } = await new Deno.Command(deno, {
    args,
    ...options,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function isReady(url: string, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void ended.then(() => hasEnded = true);
  for (;;) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    assert.ok(!hasEnded, "The service ended before it was ready");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function peakMemory(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
}

const versions: [name: string, deno: string | undefined][] = [
  ["this Deno", Deno.execPath()],
  ["the oldest Deno that is supported", oldestDeno],
];

for (const [name, deno] of versions) {
  Deno.test(`Deno Deploy's way of starting the service works on ${name}`, {
    ignore: deno === undefined || Deno.build.os !== "linux",
  }, async () => {
    await using folder = await deployedFolder();
    await using db = await testDatabase();
    const address = `127.0.0.1:${freePort()}`;
    const options = {
      cwd: folder.path,
      env: {
        DENO_DEPLOY: "true",
        DENO_SERVE_ADDRESS: `tcp:${address}`,
        DATABASE_URL: db.url,
        PUBLIC_URL: "https://parley.example",
        LOG_LEVEL: "warn",
        ...newKeys(),
      },
    };
    await runCommand(deno!, install, options);
    await runCommand(deno!, predeploy, options);
    const child = new Deno.Command(deno!, {
      args: ["run", "-A", runtime.entrypoint],
      ...options,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const said = new Response(child.stdout).text();
    try {
      const url = `http://${address}`;
      await isReady(url, child.status);
      const ann = await newPerson(url);
      const chatId = await groupOf(ann, await newPerson(url));
      const lines = await Promise.all(
        Array.from(
          { length: 50 },
          () => personOf(url, ann.session).connect(),
        ),
      );
      const sent = await Promise.all(
        lines.map((line, i) => say(line, chatId, `Hello ${i}`)),
      );
      const last = Math.max(...sent.map(({ rev }) => rev));
      await Promise.all(
        lines.map((line) =>
          line.heard("message.created", ({ rev }) => rev === last)
        ),
      );
      const docs = await fetch(`${url}/api/docs`);
      assert.equal(docs.status, 200);
      await docs.body?.cancel();
      const peak = await peakMemory(child.pid);
      assert.ok(peak > 0 && peak < memoryKiB, `${peak} KiB`);

      child.kill("SIGINT");
      const closed = await Promise.all(lines.map((line) => line.closed));
      assert.deepEqual([...new Set(closed.map(({ code }) => code))], [1012]);
      assert.equal((await child.status).code, 0);
      assert.match(await said, /deno-kv relay \(auto: .*Deno Deploy/);
    } finally {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended, as it should.
      }
      await child.status;
    }
  });
}
