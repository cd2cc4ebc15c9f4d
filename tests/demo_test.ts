import { equal, match, ok } from "node:assert/strict";
import { testApp } from "./support/app.ts";

function demo(args: string[], tmp?: string) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "src/demo.ts", ...args],
    env: { PARLEY_URL: "", ...(tmp !== undefined && { TMPDIR: tmp }) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("the demo tells its story on a running service, and ends well", async () => {
  await using service = await testApp();
  const { code, stdout, stderr } = await demo([service.url]).output();
  const text = new TextDecoder().decode(stdout);
  equal(code, 0, new TextDecoder().decode(stderr));
  match(text, /Bea {3}gets "I cook" +message 4: new, and edited already/);
  match(text, /"Can you hear me\?" goes out +stored as message 5/);
  match(text, /still message 6: a duplicate/);
  match(text, /Both {2}have the same 6 messages/);
  match(text, /the group tells: memberJoined/);
  match(text, /Cleo {2}receives "Tomorrow: soup" +live/);
  equal(text.match(/refused: forbidden/g)?.length, 2);
});

Deno.test("the demo says why when there is no service, and fails", async () => {
  const { code, stderr } = await demo(["http://127.0.0.1:1"]).output();
  equal(code, 1);
  match(new TextDecoder().decode(stderr), /The service cannot be reached/);
});

Deno.test("an interrupted demo stops the service it started and leaves nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "parley-demo-test-" });
  try {
    const child = demo([], folder);
    const reader = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    let text = "";
    // The service is up once the story begins.
    while (!text.includes("Parley at")) {
      const { value, done } = await reader.read();
      ok(!done, text);
      text += value;
    }
    const url = /Parley at (\S+)/.exec(text)![1]!;
    child.kill("SIGINT");
    const rest = (async () => {
      while (!(await reader.read()).done);
    })();
    const [{ code }] = await Promise.all([child.status, rest]);
    await child.stderr.cancel();
    equal(code, 130);
    equal([...Deno.readDirSync(folder)].length, 0);
    const after = await fetch(url).then(() => "up", () => "gone");
    equal(after, "gone");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
