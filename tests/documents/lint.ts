/**
 * `deno test -A tests/documents/lint.ts` has two linters judge the documents. It is not one of the
 * other tests: the linters are large, and downloaded for this alone.
 */
import assert from "node:assert/strict";
import { type DocumentName, documentNames, readDocument } from "./service.ts";

const root = new URL("../../", import.meta.url);

const linters = {
  redocly: {
    config: "redocly.yaml",
    args: ["npm:@redocly/cli@2.77.0", "lint"],
  },
  spectral: {
    config: ".spectral.yaml",
    args: [
      "npm:@stoplight/spectral-cli@6.16.3",
      "lint",
      "--fail-severity=hint",
    ],
  },
};
type Linter = keyof typeof linters;

/** What a linter says of a document, and whether it lets it pass. */
async function lint(linter: Linter, name: DocumentName, text: string) {
  const { config, args } = linters[linter];
  const cwd = await Deno.makeTempDir({ prefix: "parley-lint-" });
  try {
    await Deno.copyFile(new URL(config, root), `${cwd}/${config}`);
    await Deno.writeTextFile(`${cwd}/${name}`, text);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "-A", "--quiet", "--no-config", "--no-lock"]
          .concat(args, name),
        cwd,
        env: { REDOCLY_TELEMETRY: "off", NO_COLOR: "1" },
      },
    ).output();
    const said = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    ).join("");
    return { success, said };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

for (const linter of Object.keys(linters) as Linter[]) {
  for (const name of documentNames) {
    Deno.test(`${linter} has nothing against ${name}`, async () => {
      const { success, said } = await lint(
        linter,
        name,
        await readDocument(name),
      );
      assert.ok(success, said);
    });

    Deno.test(`${linter} finds a fault planted in ${name}`, async () => {
      const text = await readDocument(name);
      const faulty = text.replace('"#/components/schemas/Seq"', '"#/nowhere"');
      assert.notEqual(faulty, text);
      const { success, said } = await lint(linter, name, faulty);
      assert.ok(!success, said);
      assert.match(said, /nowhere|resolve/i);
    });
  }
}
