/** The same document, in which no object may have fields that are not named. */
export function closed(part: unknown): object {
  return JSON.parse(JSON.stringify(
    part,
    (_, value) =>
      value?.type === "object" && value.properties !== undefined &&
        value.additionalProperties === undefined
        ? { ...value, additionalProperties: false }
        : value,
  ));
}
