/**
 * The same document with every object closed. Clients must expect fields that later versions add,
 * so the documents leave them open; this version must send none but those it documents.
 */
export function closed<T>(document: T): T {
  if (Array.isArray(document)) return document.map(closed) as T;
  if (typeof document !== "object" || document === null) return document;
  const copy = Object.fromEntries(
    Object.entries(document).map(([name, part]) => [name, closed(part)]),
  );
  if (isObjectSchema(copy)) copy.additionalProperties ??= false;
  return copy as T;
}

const isObjectSchema = ({ type, properties }: Record<string, unknown>) =>
  type === "object" && typeof properties === "object";
