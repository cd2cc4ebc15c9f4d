import { html } from "hono/html";
import type { Json } from "./schema_book.ts";

type Html = ReturnType<typeof html>;

const nameOf = (ref: unknown) => String(ref).split("/").at(-1)!;
export const anchorOf = (name: string) => `schema-${name}`;

/** The fields of an object as a table; of anything else, its type and description. */
export function schemaHtml(schema: Json): Html {
  const fields = Object.entries((schema.properties ?? {}) as Json);
  if (schema.type !== "object") {
    const limits = limitsOf(schema);
    return html`<p>${typeHtml(schema)}${
      limits === "" ? "" : `, ${limits}`
    }</p>`;
  }
  if (fields.length === 0) return html`<p>An empty object.</p>`;
  const required = new Set(schema.required as string[] | undefined);
  return html`
    <table>
      <thead>
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${fields.map(([name, field]) =>
          fieldRow(name, field as Json, required.has(name))
        )}
      </tbody>
    </table>
  `;
}

function fieldRow(name: string, field: Json, isRequired: boolean): Html {
  const notes = [
    ...(isRequired ? [] : ["optional"]),
    ...(field.default === undefined
      ? []
      : [`by default ${JSON.stringify(field.default)}`]),
    ...[limitsOf(field)].filter((limits) => limits !== ""),
  ].join(", ");
  const said = proseHtml(String(field.description ?? ""));
  const remark = notes === ""
    ? said
    : html`${said} <span class="notes">${notes}</span>`;
  return html`
    <tr>
      <td><code>${name}</code></td>
      <td>${typeHtml(field)}</td>
      <td>${remark}</td>
    </tr>
  `;
}

/** A type in one line, named schemas as links. */
function typeHtml(schema: Json): Html {
  const { const: constant, type, items, allOf, anyOf, oneOf } = schema;
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return html`<a href="#${anchorOf(name)}">${name}</a>`;
  }
  if (constant !== undefined) return valueHtml(constant);
  if (schema.enum !== undefined) {
    return either((schema.enum as unknown[]).map(valueHtml));
  }
  if (allOf !== undefined) return typeHtml((allOf as Json[])[0]!);
  const choices = (anyOf ?? oneOf) as Json[] | undefined;
  if (choices !== undefined) return either(choices.map(typeHtml));
  if (type === "array") return html`list of ${typeHtml(items as Json)}`;
  if (type === "object" && schema.properties !== undefined) {
    return html`object ${schemaHtml(schema)}`;
  }
  return html`${[type ?? "anything"].flat().join(" or ")}`;
}

const valueHtml = (value: unknown) =>
  html`<code>${JSON.stringify(value)}</code>`;

const either = (parts: Html[]): Html =>
  html`${
    parts.map((part, i) =>
      i === 0 ? part : html`
        or ${part}
      `
    )
  }`;

/** What the keywords ask for beyond the type, in words. */
function limitsOf(schema: Json): string {
  const { minLength, maxLength, minItems, maxItems } = schema;
  return [
    schema.format,
    schema.pattern === undefined ? undefined : `matches ${schema.pattern}`,
    range(minLength, maxLength, "characters"),
    range(minItems, maxItems, "items"),
    schema.type === "integer"
      ? range(schema.minimum, schema.maximum, "")
      : undefined,
  ].filter((words) => words !== undefined).join(", ");
}

function range(min: unknown, max: unknown, unit: string): string | undefined {
  if (min === undefined && max === undefined) return undefined;
  const end = max === Number.MAX_SAFE_INTEGER ? "2^53 − 1" : max;
  const words = min === max
    ? `exactly ${min}`
    : max === undefined
    ? `at least ${min}`
    : min === undefined
    ? `at most ${end}`
    : `${min} to ${end}`;
  return `${words} ${unit}`.trim();
}

/** Text with `code` in it. */
export const proseHtml = (text: string): Html =>
  html`${
    text.split("`").map((part, i) =>
      i % 2 === 0 ? part : html`<code>${part}</code>`
    )
  }`;
