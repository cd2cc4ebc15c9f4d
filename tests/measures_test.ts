import assert from "node:assert/strict";
import { createCounters } from "../src/lib/counters.ts";
import { measures } from "../src/measures.ts";
import { testApp } from "./support/app.ts";
import { groupOf, newPerson } from "./support/peer.ts";
import { serviceData, startService } from "./support/service.ts";

Deno.test("counters add up what happened and read what is", () => {
  const counters = createCounters({
    made: { kind: "count", description: "" },
    open: { kind: "gauge", description: "" },
  });
  assert.deepEqual(counters.read(), { made: 0, open: 0 });
  let open = 3;
  counters.watch("open", () => open);
  counters.add("made");
  counters.add("made", 4);
  assert.deepEqual(counters.read(), { made: 5, open: 3 });
  open = 0;
  assert.deepEqual(counters.read(), { made: 5, open: 0 });
});

Deno.test("an isolate is subscribed to the shards it has listeners in, and to no others", async () => {
  await using service = await testApp();
  const count = () => service.app.counters.read();
  assert.equal(count()["parley.relay.shards"], 0);
  const ann = await newPerson(service.url);
  const chats = await Promise.all(
    Array.from({ length: 5 }, () => groupOf(ann)),
  );
  assert.equal(count()["parley.relay.shards"], 0, "nobody listens yet");

  const line = await ann.connect();
  const during = count();
  assert.equal(during["parley.connections"], 1);
  assert.equal(during["parley.scopes"], 1 + chats.length);
  assert.ok(during["parley.relay.shards"] >= 1);
  assert.ok(during["parley.relay.shards"] <= 1 + chats.length);

  line.close();
  await line.closed;
  while (count()["parley.connections"] > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(count()["parley.scopes"], 0);
  assert.equal(count()["parley.relay.shards"], 0, "all let go again");
});

Deno.test("the counters reach an OpenTelemetry collector", async () => {
  const seen = new Set<string>();
  const all = Promise.withResolvers<void>();
  await using collector = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const text = await request.text();
      for (const name of Object.keys(measures)) {
        if (text.includes(`"${name}"`)) seen.add(name);
      }
      if (seen.size === Object.keys(measures).length) all.resolve();
      return Response.json({});
    },
  );
  await using data = await serviceData();
  await using _service = await startService(data, {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
    OTEL_METRIC_EXPORT_INTERVAL: "200",
  });
  await all.promise;
});
