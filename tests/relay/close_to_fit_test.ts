import assert from "node:assert/strict";
import { closeToFit } from "../../src/relay/close_to_fit.ts";
import { news, testEnvelope } from "./listener.ts";

const envelope = testEnvelope();
const opened = (texts: readonly string[]) =>
  texts.flatMap((text) => envelope.open(text));

Deno.test("closeToFit: keeps together what fits, and makes nothing of nothing", () => {
  const few = [news(), news(), news()];
  const texts = closeToFit(envelope, few, 60_000);
  assert.equal(texts.length, 1);
  assert.deepEqual(opened(texts), few);
  assert.deepEqual(closeToFit(envelope, [], 60_000), []);
});

Deno.test("closeToFit: splits what does not fit, in order, into texts of the length allowed", () => {
  // One that is much longer than the others, at either end and within.
  for (const at of [0, 7, 99]) {
    const many = Array.from(
      { length: 100 },
      (_, i) => news("x".repeat(i === at ? 4000 : 100)),
    );
    const texts = closeToFit(envelope, many, 7999);
    assert.ok(texts.every((text) => text.length <= 7999));
    assert.deepEqual(opened(texts), many);
    const whole = envelope.close(many).length;
    assert.ok(texts.length < 3 * whole / 7999, `${texts.length} texts`);
  }
});

Deno.test("closeToFit: leaves out the event of one that does not fit by itself", () => {
  const many = [news(), news("x".repeat(9000)), news()];
  const texts = closeToFit(envelope, many, 7999);
  const { event: _event, ...rest } = many[1]!;
  assert.deepEqual(opened(texts), [many[0], rest, many[2]]);
});

Deno.test("closeToFit: one that fits to the letter keeps its event", () => {
  const each = news("x".repeat(500));
  const { length } = envelope.close([each]);
  assert.deepEqual(opened(closeToFit(envelope, [each], length)), [each]);
  const [without] = opened(closeToFit(envelope, [each], length - 1));
  assert.equal(without!.event, undefined);
});
