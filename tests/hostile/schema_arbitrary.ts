import fc from "fast-check";
import { idNames } from "./cast.ts";
import { nastyName, nastyTree } from "./hostile_values.ts";
import { edit, text, token, type Tree } from "./json_tree.ts";

/** As much of JSON Schema as the service's documents use. */
export interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  /** With one, which `examples` stand beside. */
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minProperties?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export type Schemas = Readonly<Record<string, Schema>>;

/** Ids of a kind, the author's own more often than not. */
function ids(kind: string): fc.Arbitrary<Tree> {
  const all = idNames.filter((name) => name.includes(kind));
  const own = all.filter((name) => name.startsWith("my"));
  return fc.oneof(fc.constantFrom(...own), fc.constantFrom(...all))
    .map((id) => ({ id }));
}

const members = (tree: Record<string, Tree>): Tree => ({
  members: Object.entries(tree),
});
const number = (n: number) => token(String(n));

const entity = (
  type: string,
  offset: number,
  length: number,
  more: Record<string, Tree> = {},
) =>
  members({
    type: text(type),
    offset: number(offset),
    length: number(length),
    ...more,
  });

const whom: fc.Arbitrary<Record<string, Tree>> = fc.oneof(
  ids("User").map((userId) => ({ userId })),
  fc.constant({ everyone: token("true") }),
);

const someEntities = whom.chain((whom) =>
  fc.subarray([
    entity("quote", 0, 8),
    entity("bold", 0, 4),
    entity("link", 1, 2, { url: text("https://example.org/") }),
    entity("mention", 6, 2, whom),
  ])
);

/** A text of plain letters, so that any part of it may be an entity. */
const textContent = fc.record({
  said: fc.stringMatching(/^[a-z ]{8,40}$/),
  entities: fc.option(someEntities),
}).map(({ said, entities }) =>
  members({
    type: text("text"),
    text: text(said),
    ...(entities && { entities: { items: entities } }),
  })
);

const forwardRef = fc.record({
  chatId: ids("Chat"),
  messageId: ids("Message"),
}).map((ref) => members(ref));

/** Either what is said, or what is passed on. */
const said: fc.Arbitrary<Record<string, Tree>> = fc.oneof(
  textContent.map((content) => ({ content })),
  forwardRef.map((forward) => ({ forward })),
);

const sendFrame = fc.record({
  id: fc.nat(1000).map(number),
  chatId: ids("Chat"),
  messageId: ids("Message"),
  said,
}).map(({ said, ...frame }) =>
  members({ type: text("send"), ...frame, ...said })
);

/** Types whose valid values their schema does not tell. */
const known: Record<string, fc.Arbitrary<Tree>> = {
  ChatId: ids("Chat"),
  UserId: ids("User"),
  DeviceId: ids("Device"),
  MessageId: ids("Message"),
  Emoji: fc.constantFrom("👍", "❤️", "🇪🇺", "👩‍👩‍👧‍👦").map(text),
  TextContent: textContent,
  SendMessage: fc.tuple(ids("Message"), said).map(([messageId, said]) =>
    members({ messageId, ...said })
  ),
  SendFrame: sendFrame,
  LinkUrl: fc.constant(text("https://example.org/a?b#c")),
  Email: fc.nat(1e6).map((n) => text(`someone.${n}@example.org`)),
  Timestamp: fc.constant(text("2040-01-01T00:00:00.000Z")),
  InviteCode: fc.stringMatching(/^[A-Za-z0-9_-]{32}$/).map(text),
  Handle: fc.stringMatching(/^[a-z][a-z0-9_.]{2,31}$/).map(text),
  Username: fc.stringMatching(/^[a-z][a-z0-9_.]{2,31}$/).map(text),
};

/** Values that the schema describes. */
export function valid(schema: Schema, schemas: Schemas): fc.Arbitrary<Tree> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1)!;
    return known[name] ?? valid(schemas[name]!, schemas);
  }
  if (schema.allOf) return valid(schema.allOf[0]!, schemas);
  if ("const" in schema) return fc.constant(written(schema.const));
  if (schema.enum) return fc.constantFrom(...schema.enum.map(written));
  const some = schema.oneOf ?? schema.anyOf;
  if (some) return fc.oneof(...some.map((one) => valid(one, schemas)));
  switch (schema.type) {
    case "object":
      return objects(schema, schemas);
    case "array":
      return fc.array(valid(schema.items!, schemas), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      }).map((items) => ({ items }));
    case "integer":
      return integers(schema).map((n) => token(String(n)));
    case "boolean":
      return fc.boolean().map((yes) => token(String(yes)));
    case "null":
      return fc.constant(token("null"));
    case "string":
      return strings(schema).map(text);
  }
  throw new Error(`Cannot make values of ${JSON.stringify(schema)}`);
}

const written = (value: unknown) => token(JSON.stringify(value));

function objects(
  { properties = {}, required = [], minProperties = 0 }: Schema,
  schemas: Schemas,
): fc.Arbitrary<Tree> {
  const names = Object.keys(properties);
  const members = names.map((name) => {
    const member = valid(properties[name]!, schemas);
    return required.includes(name) ? member : fc.option(member);
  });
  return fc.tuple(...members).map((trees) => ({
    members: trees.flatMap((tree, i) =>
      tree === null ? [] : [[names[i]!, tree] as const]
    ),
  })).filter(({ members }) => members.length >= minProperties);
}

function integers({ minimum, maximum }: Schema) {
  const min = minimum ?? -1000;
  const max = maximum ?? 1000;
  return fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 20) }),
    fc.constantFrom(min, max),
  );
}

function strings({ format, minLength = 0, maxLength = 40 }: Schema) {
  if (format === "uuid") return fc.uuid();
  const letters = fc.string({
    unit: "grapheme",
    minLength,
    maxLength: Math.min(maxLength, minLength + 30),
    size: "max",
  });
  return fc.oneof(
    { weight: 9, arbitrary: letters.map((made) => made.slice(0, maxLength)) },
    { weight: 1, arbitrary: fc.constant("x".repeat(maxLength)) },
  );
}

/** What the schema describes, and what is nearly so. */
export const near = (schema: Schema, schemas: Schemas): fc.Arbitrary<Tree> =>
  fc.tuple(
    valid(schema, schemas),
    fc.array(
      fc.record({
        at: fc.nat(30),
        how: fc.constantFrom("replace", "drop", "add", "double", "wrap"),
        name: nastyName,
        tree: nastyTree,
      }),
      { maxLength: 2, size: "max" },
    ),
  ).map(([tree, edits]) => edit(tree, edits));
