/**
 * Options for tests that need something this machine may lack. Where it does, they are ignored, and
 * one line says why.
 */
export function needs(
  met: boolean,
  what: string,
): { ignore: boolean } {
  if (!met) console.log(`Skipped, for want of ${what}: ${caller()}`);
  return { ignore: !met };
}

/** The test file that asks. */
function caller(): string {
  const [file] = new Error().stack!.match(/\w+_test\.ts/) ?? ["some tests"];
  return file;
}
