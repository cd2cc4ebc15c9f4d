import { Problem } from "../protocol/problem.ts";

/**
 * Opens what is sealed in one row. What does not open was changed or moved, or its key is missing: it
 * is reported and is `fallback`, so that one damaged row hides no others. Rejects where the keys could
 * not be read, which says nothing of the row.
 */
export async function openOr<Opened>(
  fallback: Opened,
  open: () => Promise<Opened>,
  onUnreadable: (error: unknown) => void,
): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof Problem) throw error;
    onUnreadable(error);
    return fallback;
  }
}
