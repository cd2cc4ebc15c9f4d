/** Every endpoint and every frame, asked for by everybody: who is granted it is in `authorisation/rows.ts`. */
import assert from "node:assert/strict";
import { ClientFrame } from "../src/protocol/frames.ts";
import type { ProblemDocument } from "../src/protocol/problem.ts";
import {
  type Call,
  frames,
  linked,
  operations,
  type Row,
} from "./authorisation/rows.ts";
import { webPage } from "./support/web_page.ts";
import {
  type Cast,
  createCast,
  createScene,
  insiders,
  outsiders,
} from "./authorisation/scene.ts";
import { operationsOf, readOpenApi } from "./documents/operations.ts";
import { testApp } from "./support/app.ts";
import { connect, newPerson, type Person } from "./support/peer.ts";

/** "granted", or the code of the problem. */
type Verdict = string;

/** Asks as somebody and tells what came of it. */
type Judge<Ask> = (by: Person, ask: Ask) => Promise<Verdict>;

async function checkRow<Ask>(
  url: string,
  cast: Cast,
  row: Exclude<Row<Ask>, { about: "the service" }>,
  judge: Judge<Ask>,
): Promise<void> {
  const scene = await createScene(url, cast);
  const verdicts: Record<string, Verdict> = {};
  const expected: Record<string, Verdict> = {};
  if (row.about === "oneself") {
    const [person, other] = [await newPerson(url), await newPerson(url)];
    if (row.askOf) {
      verdicts.other = await judge(person, row.askOf(other));
      expected.other = "not_found";
    }
    verdicts.oneself = await judge(person, await row.ask(person, scene));
    expected.oneself = "granted";
    verdicts.signedOut = await judge(
      cast.signedOut,
      await row.ask(cast.signedOut, scene),
    );
  } else {
    for (const part of ["signedOut", ...outsiders, ...insiders] as const) {
      const by = scene[part];
      verdicts[part] = await judge(by, await row.ask(scene, by));
    }
    for (const part of outsiders) expected[part] = "not_found";
    for (const part of insiders) {
      expected[part] = row.grants.includes(part) ? "granted" : "forbidden";
    }
  }
  expected.signedOut = "token_revoked";
  assert.deepEqual(verdicts, expected);
}

const verdictOf = (status: number, body: unknown): Verdict =>
  status < 300 ? "granted" : (body as ProblemDocument).code;

const byHttp: Judge<Call> = async (by, { method, path, body }) => {
  const answer = await by.call(method, path, body);
  return verdictOf(answer.status, answer.body);
};

Deno.test("every endpoint is granted to whom it is meant for, and to nobody else", async (t) => {
  await using page = webPage();
  linked.url = encodeURIComponent(page.url);
  await using service = await testApp({ LINK_PREVIEWS: "on" }, {
    network: page.network,
  });
  const { url } = service;
  const cast = await createCast(url);
  const declared = operationsOf(await readOpenApi());
  assert.deepEqual(
    declared.map(({ operationId }) => operationId).sort(),
    Object.keys(operations).sort(),
    "every operation has its row in authorisation/rows.ts",
  );
  for (const [name, row] of Object.entries(operations)) {
    await t.step(name, async () => {
      if (row.about !== "the service") {
        return await checkRow(url, cast, row, byHttp);
      }
      const { method, path, body } = row.ask;
      const response = await fetch(url + path, {
        method,
        ...(body === undefined ? {} : {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      await response.body?.cancel();
      assert.equal(response.status, row.answers);
    });
  }
});

Deno.test("every frame is granted to whom it is meant for, and to nobody else", async (t) => {
  await using service = await testApp();
  const { url } = service;
  const cast = await createCast(url);
  assert.deepEqual(
    ClientFrame.options.map(({ shape }) => shape.type.value).sort(),
    Object.keys(frames).sort(),
    "every frame has its row in authorisation/rows.ts",
  );
  for (const [name, row] of Object.entries(frames)) {
    await t.step(name, async () => {
      assert.ok(row.about !== "the service");
      await checkRow(url, cast, row, async (by, frame) => {
        let line;
        try {
          line = await connect(url, by.session.accessToken);
        } catch (error) {
          // A connection begins with hello, which is where the signed-out are refused.
          return /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error);
        }
        await using open = line;
        const reply = await open.ask(frame);
        return reply.ok ? "granted" : reply.error.code;
      });
    });
  }
});
