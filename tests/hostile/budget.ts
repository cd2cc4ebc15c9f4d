/** How many cases a run makes. */
export const cases = Number(Deno.env.get("PARLEY_FUZZ") || 500);

/** What a run begins from: the same seed makes the same cases. */
export const seed = Number(Deno.env.get("PARLEY_SEED")) ||
  crypto.getRandomValues(new Int32Array(1))[0]!;

console.log(`To repeat these cases: PARLEY_SEED=${seed} PARLEY_FUZZ=${cases}`);
