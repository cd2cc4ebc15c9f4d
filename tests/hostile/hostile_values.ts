import fc from "fast-check";
import { idNames } from "./cast.ts";
import { text, token, type Tree } from "./json_tree.ts";

const deep = (open: string, close: string, depth: number) =>
  token(open.repeat(depth) + "0" + close.repeat(depth));

/** Text that has broken something somewhere. */
export const nastyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udc00\ud800",
    "\u202e\u200b\ufeff",
    "\u{10ffff}",
    "e\u0301".repeat(50),
    "👩‍👩‍👧‍👦",
    "'; drop table users; --",
    "\\'; select pg_sleep(10) --",
    "$1 %s ${x} {{x}}",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "__proto__",
    "constructor",
    "%00%ff",
    "null",
    "NaN",
    "-1",
    "1e400",
    "0x10",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "{00000000-0000-4000-8000-000000000000}",
    "000000000000400080000000000000000",
    "2026-02-30T25:61:61.000Z",
    "0000-01-01T00:00:00.000Z",
    "+275760-09-13T00:00:00.000Z 00000000-0000-4000-8000-000000000000",
    "1 00000000-0000-4000-8000-000000000000",
    "1.00000000000000000000000000000000.9999999999999999999.1",
    "u%\\_",
    "x".repeat(20_000),
    "é".repeat(70_000),
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** Values of the wrong kind or size, as they are written in JSON. */
export const nastyTree: fc.Arbitrary<Tree> = fc.oneof(
  fc.constantFrom(
    ...["null", "true", "false", "0", "-0", "-1", "1.5", "1e400", "-1e400"],
    ...["1e-400", "9007199254740991", "9007199254740992", "1e21", "NaN"],
    ...["Infinity", "01", "+1", ".5", "0x10", "undefined", "'a'", "{}", "[]"],
    ...['"\\ud800"', '"\\u0000"', '"\\x"', '"a', "{", "]", "", "1 2", "//"],
    "9".repeat(5000),
  ).map(token),
  fc.constantFrom(
    deep("[", "]", 10_000),
    deep('{"a":', "}", 5_000),
    deep("[", "", 10_000),
  ),
  fc.integer({ min: -(2 ** 53), max: 2 ** 53 }).map((n) => token(String(n))),
  nastyText.map(text),
  fc.constantFrom(...idNames).map((id): Tree => ({ id })),
);

/** Names that a reader of JSON may stumble over. */
export const nastyName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...["__proto__", "constructor", "toString", "", "id", "type", "chatId"],
    ...["content", "messageId", "unknown", "\0", "\ud800", "a.b", "0"],
  ),
  fc.string({ maxLength: 10 }),
);

const nastyTime = fc.constantFrom(
  ...["2026-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-01-01"],
  ...["0000-01-01T00:00:00.000Z", "2026-02-30T00:00:00.000Z", "1", "2026"],
  ...["+275760-09-13T00:00:00.000Z", "-000001-01-01T00:00:00.000Z", "now"],
  ...["2026-01-01T00:00:00.000000001Z", "infinity", "epoch", "2026-01-01(\0)"],
);

const nastyUuid = fc.oneof(
  { weight: 3, arbitrary: fc.uuid() },
  fc.constantFrom("", "x", "00000000-0000-0000-0000-000000000000"),
);

/** What a cursor of one of the lists looks like, and nearly so. */
export const nastyCursor: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(nastyTime, fc.constantFrom(" ", " ", "_"), nastyUuid),
  fc.tuple(fc.constantFrom("u", "n"), nastyUuid, nastyText),
  fc.tuple(
    fc.constantFrom("1.", "2."),
    fc.stringMatching(/^[0-9a-f]{32}$/),
    fc.constantFrom(".0", ".1", ".9999999999999999999", ".-1", ".1e3", "."),
    fc.constantFrom(".0", ".1", ".9007199254740992", ".", ".1e400", ". 7"),
  ),
  fc.tuple(fc.integer()),
  fc.tuple(nastyText),
).map((pieces) => pieces.join(""));
