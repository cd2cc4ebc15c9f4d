import assert from "node:assert/strict";
import type { z } from "zod";

/** Fails unless a value is exactly what its schema describes, with nothing beside it. */
export function fits<S extends z.ZodType>(
  schema: S,
  value: unknown,
): z.infer<S> {
  const parsed = schema.parse(value);
  assert.deepEqual(value, parsed);
  return parsed;
}
