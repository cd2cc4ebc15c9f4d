import assert from "node:assert/strict";
import { healthRoutes } from "../../src/http/health.ts";
import { onError } from "../../src/http/problem.ts";
import { wellKnownRoutes } from "../../src/http/well_known.ts";
import { createLog } from "../../src/lib/log.ts";
import { Problem } from "../../src/protocol/problem.ts";

Deno.test("/live answers while the process runs, /ready while it should get requests", async () => {
  let isReady = true;
  const router = healthRoutes({
    ready: () =>
      isReady
        ? Promise.resolve()
        : Promise.reject(new Problem("unavailable", { retryAfterMs: 1000 })),
  });
  router.onError(onError(createLog({ level: "silent" })));
  assert.equal((await router.request("/ready")).status, 200);
  isReady = false;
  assert.equal((await router.request("/ready")).status, 503);
  assert.equal((await router.request("/live")).status, 200);
});

Deno.test("/jwks.json may be kept for a while", async () => {
  const router = wellKnownRoutes({ jwks: () => ({ keys: [] }) });
  const response = await router.request("/jwks.json");
  assert.deepEqual(await response.json(), { keys: [] });
  assert.equal(response.headers.get("cache-control"), "public, max-age=300");
});
