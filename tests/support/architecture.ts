import type { Import, Sources } from "./imports.ts";

/** A floor looks only down. What stands in one place is a folder of src/ or a file in it. */
const floors: readonly (readonly string[])[] = [
  ["protocol", "lib"],
  ["config", "db", "crypto", "relay", "http"],
  ["changes"],
  [
    "accounts",
    "contacts",
    "chats",
    "preferences",
    "media",
    "messages",
    "presence",
    "notifications",
    "inbox",
  ],
  ["gateway", "compat"],
  [
    "app",
    "announce",
    "caches",
    "routes",
    "secrets",
    "overrides",
    "own_view",
    "open_databases",
    "open_previews",
    "open_relay",
    "start_erasing",
    "lifecycle",
    "measures",
    "rates",
    "telemetry",
    "exit_together",
    "main",
    "serve",
    "start",
    "keys_task",
  ],
];
const capabilities = floors[3]!;
const top = floors.at(-1)!;

/** Not part of the server: what they may import is all they may. */
const outside: Readonly<Record<string, readonly string[]>> = {
  client: ["protocol"],
  web: ["client", "protocol"],
  demo: ["client", "protocol"],
};

const maxLines = 350;

/** Every way in which the sources break the layout, as a sentence each. */
export function violations({ files, imports }: Sources): string[] {
  const long = [...files].filter(([, lines]) => lines > maxLines)
    .map(([file, lines]) => `${file} has ${lines} lines, above ${maxLines}`);
  const homeless = [...files.keys()].filter((file) => !isPlaced(place(file)))
    .map((file) => `${file} is in no floor`);
  const wrong = imports.flatMap((each) =>
    rules.filter(([, allows]) => !allows(each))
      .map(([rule]) => `${each.from} imports ${each.to}: ${rule}`)
  );
  return [...long, ...homeless, ...wrong];
}

const rules: readonly [rule: string, allows: (each: Import) => boolean][] = [
  [
    "a floor looks only down",
    ({ from, to }) => looksDown(place(from), place(to)),
  ],
  [
    "a store is private to its folder",
    ({ from, to }) => !isStore(to) || place(from) === place(to),
  ],
  [
    "a capability is entered through its mod.ts, and by the top for its routes.ts",
    ({ from, to }) => {
      if (!capabilities.includes(place(to)) || place(from) === place(to)) {
        return true;
      }
      const isTop = top.includes(place(from));
      return to.endsWith("/mod.ts") || (isTop && to.endsWith("/routes.ts"));
    },
  ],
  [
    "only the top names a relay's driver",
    ({ from, to }) =>
      place(to) !== "relay" || to === "relay/relay.ts" ||
      [...top, "relay"].includes(place(from)),
  ],
  [
    "SQL stands in stores, changes/ and db/ alone",
    ({ from, to, typeOnly }) =>
      to !== "db/sql.ts" || typeOnly || isStore(from) ||
      ["changes", "db"].includes(place(from)),
  ],
];

function looksDown(from: string, to: string): boolean {
  if (from === to) return true;
  if (from in outside) return outside[from]!.includes(to);
  if (to in outside) return false;
  if (top.includes(from)) return true;
  if (capabilities.includes(from) && capabilities.includes(to)) {
    return capabilities.indexOf(to) < capabilities.indexOf(from);
  }
  return floorOf(to) < floorOf(from);
}

/** The folder of src/ that a file is in; its own name where it is in none. */
const place = (file: string) => file.split("/")[0]!.replace(/\.tsx?$/, "");
const floorOf = (name: string) =>
  floors.findIndex((floor) => floor.includes(name));
const isPlaced = (name: string) => name in outside || floorOf(name) >= 0;
const isStore = (file: string) => /(^|[/_])store\.ts$/.test(file);
