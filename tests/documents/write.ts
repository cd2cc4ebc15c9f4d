/** `deno run -A tests/documents/write.ts <folder>`: writes both documents there, without a service. */
import { documentNames, readDocument } from "./service.ts";

const [folder] = Deno.args;
if (folder === undefined) {
  console.error("Name the folder to write to");
  Deno.exit(2);
}
await Deno.mkdir(folder, { recursive: true });
for (const name of documentNames) {
  await Deno.writeTextFile(`${folder}/${name}`, await readDocument(name));
  console.log(`${folder}/${name}`);
}
