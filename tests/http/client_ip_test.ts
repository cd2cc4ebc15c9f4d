import assert from "node:assert/strict";
import { clientIp } from "../../src/http/client_ip.ts";

Deno.test("clientIp() believes so many proxies and no more", () => {
  const claimed = "6.6.6.6, 192.0.2.1, 10.0.0.2";
  assert.equal(clientIp("10.0.0.1", claimed, 0), "10.0.0.1");
  assert.equal(clientIp("10.0.0.1", claimed, 1), "10.0.0.2");
  assert.equal(clientIp("10.0.0.1", claimed, 2), "192.0.2.1");
  assert.equal(clientIp("10.0.0.1", undefined, 1), "10.0.0.1");
  assert.equal(clientIp("10.0.0.1", "unknown", 1), "10.0.0.1");
  assert.equal(clientIp("10.0.0.1", "192.0.2.1", 2), "192.0.2.1");
  assert.equal(clientIp(undefined, undefined, 0), "unknown");
});

Deno.test("clientIp() counts a /64 of IPv6 as one, and a mapped IPv4 address as itself", () => {
  const network = "2001:db8:0:1::/64";
  assert.equal(clientIp("2001:db8:0:1::1", undefined, 0), network);
  assert.equal(clientIp("2001:0DB8:0:1:ffff:1:2:3", undefined, 0), network);
  assert.equal(clientIp("2001:db8::1", undefined, 0), "2001:db8:0:0::/64");
  assert.equal(clientIp("::1", undefined, 0), "0:0:0:0::/64");
  assert.equal(clientIp("fe80::1%eth0", undefined, 0), "fe80:0:0:0::/64");
  assert.equal(clientIp("::ffff:192.0.2.1", undefined, 0), "192.0.2.1");
});
