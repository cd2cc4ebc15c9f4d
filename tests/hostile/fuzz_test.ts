import assert from "node:assert/strict";
import fc from "fast-check";
import { testServer } from "../support/database.ts";
import { type Service, serviceData, startService } from "../support/service.ts";
import { type Case, createAttack } from "./attack.ts";
import { cases, seed } from "./budget.ts";
import { startConversation } from "./bystanders.ts";
import { createCast } from "./cast.ts";
import { type AsyncApi, frameCases } from "./frame_cases.ts";
import { createFrameJudge } from "./frame_judge.ts";
import { httpCases } from "./http_cases.ts";
import { createHttpJudge } from "./judge.ts";
import { startLoiterers } from "./loiterers.ts";
import { memoryOf, watched } from "./memory.ts";
import type { OpenApi } from "./operations.ts";
import { wireCases } from "./wire_cases.ts";

/** Cases that run at the same time, at most. */
const together = 8;
/** What a batch has on average, and a little less: the budget is what is made at least. */
const batchSize = together / 2;

/**
 * Megabytes that the service may hold more after the attack than after its first tenth: what its
 * caches keep of new devices, addresses and chats, and pages that the allocator does not give back.
 * The embedded Postgres is in the same process, and its buffers fill meanwhile.
 */
const margin = { heap: 12, rss: testServer === null ? 400 : 256 };

async function documentOf<Document>({ url }: Service, name: string) {
  const response = await fetch(`${url}/api/${name}.json`);
  return await response.json() as Document;
}

Deno.test("hostile input finds no failure and no undocumented answer, disturbs nobody, and leaves nothing behind", async () => {
  await using data = await serviceData();
  await using service = await startService(data, { TRUST_PROXY: "1" }, watched);
  const { url } = service;
  const openApi = await documentOf<OpenApi>(service, "openapi");
  const asyncApi = await documentOf<AsyncApi>(service, "asyncapi");
  const httpJudge = createHttpJudge(openApi);
  const frameJudge = createFrameJudge(asyncApi);
  const cast = await createCast(url);
  await using talk = await startConversation(cast.chatId, cast.victims);
  using _loiterers = await startLoiterers(url, 60);
  await using attack = createAttack({ url, cast, httpJudge, frameJudge });

  const { schemas } = openApi.components;
  const all: fc.Arbitrary<Case> = fc.oneof(
    {
      weight: 6,
      arbitrary: httpCases(httpJudge.routes, schemas)
        .map((http) => ({ http })),
    },
    {
      weight: 3,
      arbitrary: frameCases(asyncApi).map((frame) => ({ frame })),
    },
    { weight: 1, arbitrary: wireCases.map((wire) => ({ wire })) },
  );
  const batches = fc.array(all, {
    minLength: 1,
    maxLength: together,
    size: "max",
  });
  const property = fc.asyncProperty(batches, async (batch) => {
    const outcomes = await Promise.allSettled(batch.map(attack.run));
    const failed = outcomes.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  });
  const make = (count: number, from: number) =>
    fc.assert(property, { seed: from, numRuns: Math.ceil(count / batchSize) });

  await make(cases / 10, seed);
  const before = await memoryOf(service);
  await make(cases * 9 / 10, seed + 1);
  const after = await memoryOf(service);
  const { messages, p99Ms, slowestMs } = await talk.end();

  const made = [...attack.counts.values()].reduce((sum, n) => sum + n, 0);
  const each = [...attack.counts].sort().map(([what, n]) => `${what}: ${n}`);
  console.log(
    `${made} cases (${
      each.join("; ")
    }). Meanwhile ${messages} messages between two others, ` +
      `99 % within ${p99Ms} ms, the slowest in ${slowestMs} ms. Heap ${before.heap} → ${after.heap} MB, ` +
      `resident ${before.rss} → ${after.rss} MB`,
  );
  assert.deepEqual(service.lines.filter((line) => line.startsWith("{")), []);
  assert.ok(messages > 10);
  assert.ok(after.heap <= before.heap + margin.heap, "The heap has grown");
  assert.ok(after.rss <= before.rss + margin.rss, "Memory has grown");
});
