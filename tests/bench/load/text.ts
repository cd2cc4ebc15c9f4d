const words =
  "the train leaves at nine, so let us meet under the clock a little before";

/** The text of a message: like a short sentence, and never the same twice. */
export function textOf(messageId: string): string {
  return `${messageId}: ${words}`;
}
