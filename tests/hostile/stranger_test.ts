import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProblemDocument } from "../../src/protocol/problem.ts";
import { testApp } from "../support/app.ts";
import { seed } from "./budget.ts";
import { createCast, type IdName } from "./cast.ts";
import type { AsyncApi } from "./frame_cases.ts";
import { write } from "./json_tree.ts";
import { type OpenApi, type Route, routesOf } from "./operations.ts";
import { type Schema, type Schemas, valid } from "./schema_arbitrary.ts";

/** Whose chat, message and device a request is about. */
type Owner = "vault" | "no";

const inPath: Record<Owner, Readonly<Record<string, IdName>>> = {
  vault: {
    chatId: "vaultGroupChat",
    messageId: "vaultMessage",
    deviceId: "vaultDevice",
    inviteId: "noMessage",
    userId: "vaultUser",
  },
  no: {
    chatId: "noChat",
    messageId: "noMessage",
    deviceId: "noMessage",
    inviteId: "noMessage",
    userId: "noUser",
  },
};

const isAboutOthers = ({ path }: Route) => /\{(chatId|deviceId)\}/.test(path);

/** Some values that a schema takes, the same ones in every run of a seed. */
const samples = (schema: Schema, schemas: Schemas) =>
  fc.sample(valid(schema, schemas), { seed, numRuns: 5 });

const messageSchema = (schema: Schema, schemas: Schemas) =>
  schema.$ref ? schemas[schema.$ref.split("/").at(-1)!]! : schema;

async function stage() {
  const service = await testApp();
  const read = async (name: string) =>
    await (await fetch(`${service.url}/api/${name}.json`)).json();
  const cast = await createCast(service.url);
  return { service, read, cast, stranger: cast.attacker(0) };
}

Deno.test("to a stranger every route answers for others' chats, messages and devices as if there were none", async () => {
  const { service, read, cast, stranger } = await stage();
  await using _service = service;
  const openApi = await read("openapi") as OpenApi;
  const { schemas } = openApi.components;
  const idOf = (name: IdName) => cast.idOf(stranger, name);
  let asked = 0;

  async function ask(
    { method, path, operation }: Route,
    owner: Owner,
    body: string | undefined,
  ) {
    const target = path.replace("{emoji}", encodeURIComponent("👍"))
      .replaceAll(/\{(\w+)\}/g, (_, name) => idOf(inPath[owner][name]!));
    const query = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === "query" && parameter.required)
      .map(({ name }) => `${name}=1`).join("&");
    const response = await fetch(`${service.url}${target}?${query}`, {
      method,
      headers: {
        authorization: `Bearer ${stranger.person.session.accessToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    assert.ok(
      !text.includes(cast.secret),
      `${method} ${path} tells the secret`,
    );
    asked++;
    const code = (JSON.parse(text || "{}") as Partial<ProblemDocument>).code;
    return { status: response.status, code };
  }

  for (const route of routesOf(openApi).filter(isAboutOthers)) {
    const schema = route.operation.requestBody?.content?.["application/json"]
      ?.schema;
    const bodies = schema
      ? samples(schema, schemas).map((tree) => write(tree, idOf))
      : [undefined];
    for (const body of bodies) {
      const what = `${route.method} ${route.path} ${body ?? ""}`;
      const [theirs, none] = [
        await ask(route, "vault", body),
        await ask(route, "no", body),
      ];
      assert.deepEqual(theirs, { status: 404, code: "not_found" }, what);
      assert.deepEqual(none, theirs, what);
    }
  }
  assert.ok(asked > 60);
});

Deno.test("to a stranger every frame is answered for others' chats as if there were none", async () => {
  const { service, read, cast, stranger } = await stage();
  await using _service = service;
  const { components } = await read("asyncapi") as AsyncApi;
  const [ann] = cast.victims;
  await using annLine = await ann.connect();
  await using line = await stranger.person.connect();
  const { messages, schemas } = components;
  const requests = Object.keys(messages).filter((name) =>
    name.startsWith("request.") &&
    messageSchema(messages[name]!.payload, schemas)
      .properties!.chatId
  );
  assert.ok(requests.length >= 8, requests.join());
  for (const name of requests) {
    for (const tree of samples(messages[name]!.payload, schemas)) {
      const sound = write(tree, (id) => cast.idOf(stranger, id));
      const { id: _, ...frame } = JSON.parse(sound);
      for (const owner of ["vault", "no"] as const) {
        const about = (field: string) =>
          cast.idOf(stranger, inPath[owner][field]!);
        frame.chatId = about("chatId");
        // A message of one's own making has an id of one's own choosing.
        if ("messageId" in frame && name !== "request.send") {
          frame.messageId = about("messageId");
        }
        const reply = await line.ask(frame);
        const code = reply.ok ? "ok" : reply.error.code;
        assert.equal(code, "not_found", JSON.stringify(frame));
      }
    }
  }
  await annLine.ask({ type: "ping" });
  assert.deepEqual(annLine.events, []);
});
