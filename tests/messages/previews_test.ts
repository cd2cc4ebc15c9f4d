import assert from "node:assert/strict";
import { isPublic, publicNetwork } from "../../src/messages/preview_network.ts";
import { limits } from "../../src/protocol/limits.ts";
import { LinkPreview } from "../../src/protocol/previews.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { newPerson, type Person } from "../support/peer.ts";
import { webPage } from "../support/web_page.ts";

const preview = (by: Person, url: string) =>
  by.call<LinkPreview>("GET", `/link-previews?url=${encodeURIComponent(url)}`);
const html = (body: string, headers: HeadersInit = {}, status = 200) =>
  new Response(body, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", ...headers },
  });

Deno.test("only addresses on the public internet may be asked", async () => {
  const inside = [
    ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1"],
    ...["127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
    ...["192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"],
    ...["203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
    ...["::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8"],
    ...["64:ff9b::8.8.8.8", "64:ff9b:1::a00:1", "100::1", "2001::1"],
    ...["2001:db8::1", "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1"],
    ...["fec0::1", "ff02::1", "4000::1", "localhost", "", "1.2.3"],
  ];
  for (const address of inside) {
    assert.equal(await isPublic(address), false, address);
    assert.equal(await publicNetwork.isAllowed(address, 443), false, address);
  }
  for (const address of ["8.8.8.8", "1.1.1.1", "2606:4700::1111"]) {
    assert.equal(await isPublic(address), true, address);
    assert.equal(await publicNetwork.isAllowed(address, 443), true, address);
    assert.equal(await publicNetwork.isAllowed(address, 22), false, address);
  }
});

Deno.test("link previews", async (t) => {
  const released = Promise.withResolvers<void>();
  let held = 0;
  await using site = webPage(async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/full":
        return html(`<!doctype html><html><head>
          <title>Plain &amp; simple</title>
          <meta property="og:title" content="  Looms &lt;and&gt;\n threads ">
          <meta name="description" content="Plain">
          <meta property="og:description" content="How they work">
          <meta property="og:site_name" content="The Mill">
          <script>document.write("<title>No</title>")</script>`);
      case "/plain":
        return html("<title>Plain &amp; simple</title><title>Two</title>");
      case "/latin":
        return new Response(
          Uint8Array.from("<title>Caf\u00e9</title>", (c) => c.charCodeAt(0)),
          { headers: { "content-type": "text/html; charset=iso-8859-1" } },
        );
      case "/long":
        return html(`<title>${"🚀".repeat(500)}</title>`);
      case "/to":
        return html("", { location: searchParams.get("at")! }, 302);
      case "/round":
        return html(
          "",
          { location: `/round?${Number(searchParams.get("n"))}` },
          302,
        );
      case "/twice":
        return html(
          "",
          { location: `/to?at=${encodeURIComponent("/plain")}` },
          301,
        );
      case "/image":
        return new Response("<title>No</title>", {
          headers: { "content-type": "image/svg+xml" },
        });
      case "/missing":
        return html("<title>Not found</title>", {}, 404);
      case "/untitled":
        return html("<p>Nothing</p>");
      case "/endless":
        return new Response(
          new ReadableStream({
            start: (controller) =>
              controller.enqueue(
                new TextEncoder().encode("<title>Endless</title>"),
              ),
            pull: (controller) =>
              controller.enqueue(new Uint8Array(64 * 1024).fill(32)),
          }),
          { headers: { "content-type": "text/html" } },
        );
      case "/held":
        held++;
        await released.promise;
        return html("<title>Held</title>");
    }
    return html("<title>Home</title>");
  });
  await using service = await testApp({ LINK_PREVIEWS: "on" }, {
    network: site.network,
  });
  const ann = await newPerson(service.url, "a");
  const at = (path: string) => new URL(path, site.url).href;

  await t.step("show what a page says of itself", async () => {
    const found = fits(LinkPreview, accepted(await preview(ann, at("/full"))));
    assert.deepEqual(found, {
      url: at("/full"),
      title: "Looms <and> threads",
      description: "How they work",
      siteName: "The Mill",
    });
    const plain = accepted(await preview(ann, at("/plain")));
    assert.deepEqual(
      [plain.title, plain.description, plain.siteName],
      ["Plain & simple", null, null],
    );
    assert.equal(accepted(await preview(ann, at("/latin"))).title, "Café");
    const { title } = accepted(await preview(ann, at("/long")));
    assert.ok(
      title.isWellFormed() && title.length <= 201 && title.endsWith("🚀…"),
    );
  });

  await t.step("ask as nobody in particular, and once", async () => {
    await preview(ann, at("/once#here"));
    await preview(ann, at("/once#there"));
    const asked = site.asked.filter(({ url }) => url.includes("/once"));
    assert.equal(asked.length, 1);
    const headers = Object.fromEntries(asked[0]!.headers);
    assert.match(headers["user-agent"]!, /^Parley-LinkPreview/);
    assert.equal(headers.host, `page.example:${site.port}`);
    for (
      const name of ["cookie", "referer", "authorization", "x-forwarded-for"]
    ) {
      assert.equal(headers[name], undefined);
    }
  });

  await t.step("of many who ask at once, one asks the page", async () => {
    const asking = Promise.all(
      Array.from({ length: 5 }, () => preview(ann, at("/held"))),
    );
    while (held === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    released.resolve();
    for (const answer of await asking) {
      assert.equal(accepted(answer).title, "Held");
    }
    assert.equal(held, 1);
  });

  await t.step("follow a few redirects", async () => {
    assert.deepEqual(
      accepted(await preview(ann, at("/twice"))).url,
      at("/plain"),
    );
    refused(await preview(ann, at("/round")), "not_found");
    assert.equal(
      site.asked.filter(({ url }) => url.includes("/round")).length,
      4,
    );
  });

  await t.step("read no more of a page than its beginning", async () => {
    assert.equal(accepted(await preview(ann, at("/endless"))).title, "Endless");
  });

  for (const path of ["/image", "/missing", "/untitled"]) {
    await t.step(`have nothing to show of ${path}`, async () => {
      refused(await preview(ann, at(path)), "not_found");
    });
  }

  site.names.set("inside.example", ["10.0.0.1"]);
  site.names.set("half.example", ["127.0.0.1", "::1"]);
  site.names.set("nowhere.example", []);
  const forbidden = [
    `http://127.0.0.2:${site.port}/`,
    `http://[::1]:${site.port}/`,
    `http://[::ffff:127.0.0.1]:${site.port}/`,
    `http://inside.example:${site.port}/`,
    `http://half.example:${site.port}/`,
    `http://nowhere.example:${site.port}/`,
    `http://unknown.example:${site.port}/`,
    `http://0x7f.0.0.2:${site.port}/`,
    `http://2130706434:${site.port}/`,
    "http://page.example:1/",
    "http://page.example/",
  ];
  for (const url of forbidden) {
    await t.step(
      `never ask ${url.replace(`${site.port}`, "…")}, nor are led there`,
      async () => {
        const before = site.asked.length;
        refused(await preview(ann, url), "not_found");
        assert.equal(site.asked.length, before);
        const led = at(`/to?at=${encodeURIComponent(url)}`);
        refused(await preview(ann, led), "not_found");
        assert.equal(site.asked.length, before + 1, "the first page alone");
      },
    );
  }

  await t.step("take no redirect to another kind of address", async () => {
    for (
      const url of [
        "file:///etc/passwd",
        "data:text/html,<title>x</title>",
        "ftp://page.example/",
        "http://",
      ]
    ) {
      refused(
        await preview(ann, at(`/to?at=${encodeURIComponent(url)}`)),
        "not_found",
      );
    }
  });

  await t.step("refuse what is no address of the web", async () => {
    for (
      const url of [
        "",
        "page.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        `https://a.example/${"x".repeat(limits.linkLength)}`,
      ]
    ) refused(await preview(ann, url), "invalid_input");
    const { status } = await fetch(
      `${service.url}/api/v1/link-previews?url=${at("/")}`,
    );
    assert.equal(status, 401);
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("link previews are off unless they are wanted", async () => {
  await using site = webPage();
  await using service = await testApp({}, { network: site.network });
  refused(await preview(await newPerson(service.url), site.url), "not_found");
  assert.deepEqual(site.asked, []);
});
