import { z } from "zod";

/** A part of a document: JSON. */
export type Json = { [key: string]: unknown };

/** JSON Schemas of one document, made from the schemas that the doors check with. */
export interface SchemaBook {
  /** What a client sends. Schemas with an id become references to `named`. */
  input(schema: z.ZodType): Json;
  /** What a client receives. It must ignore fields it does not know, so objects stay open. */
  output(schema: z.ZodType): Json;
  /** The component schemas referred to so far, by name. */
  named(): Json;
}

/**
 * A name stands for one schema: what has the same name and reads differently, because it is sent and
 * received or because two share the name, is refused.
 *
 * Zod's own converter is used, since the one of zod-to-openapi gives what is named and nullable a
 * component that is itself nullable, everywhere.
 */
export function createSchemaBook(
  target: "draft-2020-12" | "draft-7",
): SchemaBook {
  const named = new Map<string, Json>();
  const seen = {
    input: new Map<z.ZodType, Json>(),
    output: new Map<z.ZodType, Json>(),
  };

  function show(schema: z.ZodType, io: "input" | "output"): Json {
    // Every route has the schema of problems many times over.
    const before = seen[io].get(schema);
    if (before) return before;
    const fresh = convert(schema, io);
    seen[io].set(schema, fresh);
    return fresh;
  }

  function convert(schema: z.ZodType, io: "input" | "output"): Json {
    const shown = z.toJSONSchema(schema, { target, io, override: tidy });
    const { $schema: _, $defs, definitions = $defs, ...root } = shown;
    for (const [name, part] of Object.entries(definitions ?? {})) {
      keep(name, referring(part as Json));
    }
    return referring(root);
  }

  function keep(name: string, part: Json) {
    const before = named.get(name) ?? part;
    if (JSON.stringify(before) !== JSON.stringify(part)) {
      throw new Error(`Two schemas have the name '${name}'`);
    }
    named.set(name, part);
  }

  return {
    input: (schema) => show(schema, "input"),
    output: (schema) => show(schema, "output"),
    named: () => Object.fromEntries([...named].sort(byName)),
  };
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) =>
  a < b ? -1 : 1;

function tidy(
  { zodSchema, jsonSchema }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: z.core.JSONSchema.BaseSchema;
  },
) {
  const { def } = zodSchema._zod;
  if (def.type === "object" && !def.catchall) {
    delete jsonSchema.additionalProperties;
  }
  // The format says it in one word.
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

/** The same with references into the components of the document. */
function referring(part: Json): Json {
  const text = JSON.stringify(
    part,
    (key, value) =>
      key === "$ref"
        ? String(value).replace(
          /^#\/(\$defs|definitions)\//,
          "#/components/schemas/",
        )
        : value,
  );
  return JSON.parse(text);
}
