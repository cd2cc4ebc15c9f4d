import type { Json } from "./schema_book.ts";

/** Makes a value that fits a schema, out of the examples given in it. */
export type Sample = (schema: Json) => unknown;

/** For schemas of the kind that a schema book makes, with these named ones. */
export function createSample(named: Json): Sample {
  return function sample(schema): unknown {
    const [first] = (schema.examples ?? schema.enum ?? []) as unknown[];
    if (first !== undefined) return first;
    if (schema.const !== undefined) return schema.const;
    if (schema.default !== undefined) return schema.default;
    const [choice] =
      (schema.oneOf ?? schema.anyOf ?? schema.allOf ?? []) as Json[];
    if (choice !== undefined) return sample(choice);
    if (typeof schema.$ref === "string") {
      return sample(named[schema.$ref.split("/").at(-1)!] as Json);
    }
    switch ([schema.type].flat()[0]) {
      case "object":
        return Object.fromEntries(
          Object.entries(schema.properties ?? {})
            .map(([name, part]) => [name, sample(part)]),
        );
      case "array":
        return [sample(schema.items as Json)];
      case "boolean":
        return true;
      case "integer":
        return schema.minimum ?? 0;
      default:
        return "…";
    }
  };
}
