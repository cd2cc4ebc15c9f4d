/**
 * A text as it could stand among bytes that are read as Latin-1: as it is, in UTF-16, in hex, and in
 * both alphabets of base64 at each of the three offsets.
 */
export function spellings(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const wide = [...secret].join("\0");
  const base64 = [0, 1, 2].flatMap((offset) => {
    const shifted = new Uint8Array([...new Uint8Array(offset), ...bytes]);
    // Without the ends, on which the neighbours have a say.
    return (["base64", "base64url"] as const).map((alphabet) =>
      shifted.toBase64({ alphabet }).slice(4, -4)
    );
  });
  return [
    secret,
    wide,
    bytes.toHex(),
    bytes.toHex().toUpperCase(),
    ...base64,
  ];
}
