/** A promise is broken: a sentence that says which chat or client shows it first, and how. */
export class Broken extends Error {
  override readonly name = "Broken";
}
