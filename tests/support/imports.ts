import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** One import of one file by another, both as paths from the source folder. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** `import type`, which leaves nothing behind when the program runs. */
  readonly typeOnly: boolean;
}

export interface Sources {
  /** Every TypeScript file, with its number of lines. */
  readonly files: ReadonlyMap<string, number>;
  /** Every import among them: static and dynamic, of values and of types. */
  readonly imports: readonly Import[];
}

interface Module {
  specifier: string;
  dependencies?: {
    code?: { specifier?: string };
    type?: { specifier?: string };
  }[];
}

/** Reads the imports of all files in a folder, with Deno's own parser. */
export async function readSources(folder: string): Promise<Sources> {
  const paths = await Array.fromAsync(filesIn(folder));
  const files = new Map<string, number>();
  for (const path of paths) {
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n").length;
    files.set(relative(folder, path), lines);
  }
  const imports: Import[] = [];
  for (const { specifier, dependencies = [] } of await graphOf(paths)) {
    if (!specifier.startsWith("file:")) continue;
    const from = relative(folder, fileURLToPath(specifier));
    for (const { code, type } of dependencies) {
      const target = (code ?? type)?.specifier;
      if (!target?.startsWith("file:")) continue;
      const to = relative(folder, fileURLToPath(target));
      imports.push({ from, to, typeOnly: code === undefined });
    }
  }
  return { files, imports: imports.filter(({ from }) => files.has(from)) };
}

/** All files hang below one that is made for the purpose, so that Deno is asked once. */
async function graphOf(paths: readonly string[]): Promise<Module[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const text = paths.map((path) => `import "${pathToFileURL(path)}";\n`);
    await Deno.writeTextFile(entry, text.join(""));
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      { args: ["info", "--json", "--config", config, entry] },
    ).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout)).modules;
  } finally {
    await Deno.remove(entry);
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (/\.tsx?$/.test(name)) yield path;
  }
}
