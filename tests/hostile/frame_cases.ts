import fc from "fast-check";
import { nastyName, nastyText, nastyTree } from "./hostile_values.ts";
import { type ResolveId, text, token, type Tree, write } from "./json_tree.ts";
import { near, type Schema, type Schemas } from "./schema_arbitrary.ts";

/** A frame by somebody hostile, before its ids are known. */
export interface FrameCase {
  /** Whether it is the first one on its socket, in place of hello. */
  readonly isFirst: boolean;
  readonly frame: Tree;
  readonly bytes: "text" | "binary" | "cut" | "padded" | "huge";
}

/** The part of the AsyncAPI document that describes frames. */
export interface AsyncApi {
  readonly components: {
    readonly messages: Readonly<Record<string, { readonly payload: Schema }>>;
    readonly schemas: Schemas;
  };
}

/** Frames of every type of the document: valid ones, and what is nearly so. */
export function frameCases({ components }: AsyncApi): fc.Arbitrary<FrameCase> {
  const { messages, schemas } = components;
  const requests = Object.keys(messages)
    .filter((name) => name.startsWith("request."))
    .map((name) => near(messages[name]!.payload, schemas));
  const others = fc.oneof(
    nastyTree,
    nastyText.map(text),
    fc.array(nastyTree, { maxLength: 3 }).map((items) => ({ items })),
    fc.array(fc.tuple(nastyName, nastyTree), { maxLength: 4 })
      .map((members) => ({ members })),
  );
  const hello = near(messages["request.hello"]!.payload, schemas);
  const later = fc.record({
    isFirst: fc.constant(false),
    frame: fc.oneof(
      { weight: 14, arbitrary: fc.oneof(...requests) },
      { weight: 1, arbitrary: others },
    ),
    bytes,
  });
  const first = fc.record({
    isFirst: fc.constant(true),
    frame: fc.oneof({ weight: 3, arbitrary: hello }, others),
    bytes,
  });
  return fc.oneof(
    { weight: 8, arbitrary: later },
    { weight: 1, arbitrary: first },
  );
}

const bytes = fc.oneof(
  { weight: 30, arbitrary: fc.constant("text" as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...["binary", "cut", "padded", "huge"] as const),
  },
);

/** What goes over the wire: text, or bytes where the case wants those. */
export function framed(
  { frame, bytes }: FrameCase,
  idOf: ResolveId,
): string | Uint8Array<ArrayBuffer> {
  const written = write(frame, idOf);
  switch (bytes) {
    case "text":
      return written;
    case "binary":
      return new TextEncoder().encode(written);
    case "cut":
      return written.slice(0, Math.floor(written.length / 2));
    case "padded":
      return `${written}${" ".repeat(65_536)}`;
    case "huge":
      return write({ items: [frame, token("0".repeat(2_000_000))] }, idOf);
  }
}
