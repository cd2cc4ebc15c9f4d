import { equal, match } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import config from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);

/** Type-checks a module where there is nothing but what browsers, Deno and Node have in common. */
async function checkOnWebStandards(
  folder: string,
  module: URL,
): Promise<{ success: boolean; text: string }> {
  const settings = `${folder}/deno.json`;
  await Deno.writeTextFile(
    settings,
    JSON.stringify({
      imports: { zod: config.imports.zod },
      compilerOptions: {
        ...config.compilerOptions,
        lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
      },
      nodeModulesDir: "none",
    }),
  );
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", settings, "--no-lock", module.href],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
  }).output();
  return { success, text: new TextDecoder().decode(stderr) };
}

Deno.test("the client needs nothing but web standards and zod", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const client = new URL("src/client/mod.ts", root);
    const { success, text } = await checkOnWebStandards(folder, client);
    equal(success, true, text);

    // The check would notice.
    const planted = `${folder}/planted.ts`;
    await Deno.writeTextFile(planted, "export const here = Deno.cwd();\n");
    const found = await checkOnWebStandards(
      folder,
      pathToFileURL(planted),
    );
    equal(found.success, false);
    match(found.text, /Deno/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
