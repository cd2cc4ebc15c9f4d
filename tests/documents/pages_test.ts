import assert from "node:assert/strict";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumProgram } from "../support/programs.ts";
import { readAsyncApi } from "./asyncapi.ts";
import { operationsOf, readOpenApi } from "./operations.ts";
import { routesAlone } from "./service.ts";

const options = {
  ignore: chromiumProgram === undefined,
  // The browser's own files and timers are not ours to close.
  sanitizeOps: false,
  sanitizeResources: false,
};
const sizes = {
  "a desktop": { width: 1280, height: 900 },
  "a phone": { width: 390, height: 844 },
};

interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Whatever a page should not do: warn, fail, break its policy, ask elsewhere. */
  readonly faults: string[];
}

/** A service and a browser on one of its pages. */
async function visit(
  path: string,
  viewport: { width: number; height: number },
): Promise<Visit> {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    routesAlone().fetch,
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const browser: Browser = await chromium.launch({
    executablePath: chromiumProgram!,
    args: ["--no-sandbox"],
  });
  const page = await browser.newPage({ viewport });
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      faults.push(message.text());
    }
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) {
      faults.push(`asked ${url}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) {
      faults.push(`${response.status()} for ${response.url()}`);
    }
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`Against the policy: ${event.blockedURI}`);
    });
  });
  await page.goto(origin + path, { waitUntil: "networkidle" });
  return {
    page,
    faults,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.shutdown();
    },
  };
}

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

for (const [name, size] of Object.entries(sizes)) {
  Deno.test(`the REST reference works on ${name}`, options, async () => {
    await using visited = await visit("/api/docs", size);
    const { page, faults } = visited;
    const operations = operationsOf(await readOpenApi());
    await page.waitForSelector(".opblock");
    assert.equal(await page.locator(".opblock").count(), operations.length);
    assert.equal(await overflow(page), 0);

    // Asks the service that the page came from, whatever its public address.
    const live = page.locator("#operations-Service-live");
    await live.locator(".opblock-summary-control").click();
    await live.getByText("Try it out").click();
    await live.locator("button.execute").click();
    const answer = live.locator(".live-responses-table .response");
    await answer.waitFor();
    assert.match(await answer.innerText(), /200[\s\S]*"status": "ok"/);
    assert.deepEqual(faults, []);
  });

  Deno.test(`the WebSocket reference works on ${name}`, options, async () => {
    await using visited = await visit("/api/docs/websocket", size);
    const { page, faults } = visited;
    const { channels, components } = await readAsyncApi();
    const shown = await page.locator("main").innerText();
    for (const { code, reason } of channels.connection["x-close-codes"]) {
      assert.ok(shown.includes(`${code}`), reason);
    }
    for (const message of Object.keys(components.messages)) {
      const [kind, type] = message.split(".");
      if (kind === "reply") continue;
      const id = kind === "request" ? `request-${type}` : `event-${message}`;
      const section = page.locator(`[id="${id}"]`);
      assert.ok(await section.locator("table").first().isVisible(), id);
    }
    const links = await page.locator("main a[href^='#']").evaluateAll(
      (all) =>
        all.map((link) => link.getAttribute("href")!.slice(1))
          .filter((id) => document.getElementById(id) === null),
    );
    assert.deepEqual(links, []);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(faults, []);
  });
}

Deno.test("a page that breaks its policy is noticed", options, async () => {
  await using visited = await visit("/api/docs/websocket", sizes["a desktop"]);
  const { page, faults } = visited;
  await page.evaluate(() => {
    document.body.insertAdjacentHTML("beforeend", "<p style='color:red'>");
    document.body.append(
      Object.assign(new Image(), { src: "https://elsewhere.example/x.png" }),
    );
  });
  await page.waitForTimeout(200);
  assert.ok(faults.some((fault) => /inline/.test(fault)), faults.join("\n"));
  assert.ok(faults.some((fault) => /elsewhere/.test(fault)));
});
