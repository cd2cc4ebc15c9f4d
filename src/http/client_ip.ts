import { isIP } from "node:net";

/**
 * Where a request comes from, as a key to count by.
 *
 * With `trustedProxies` n, the last n proxies are ours: each appended the address it saw to
 * `X-Forwarded-For`, so the n-th entry from the right is the client. What stands left of it is the
 * client's own claim.
 */
export function clientIp(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  if (trustedProxies > 0 && forwardedFor !== undefined) {
    const hops = forwardedFor.split(",").map((hop) => hop.trim());
    const client = hops[Math.max(0, hops.length - trustedProxies)]!;
    if (isIP(client) !== 0) return network(client);
  }
  return network(remoteAddress ?? "unknown");
}

/** A household or server has a whole /64 of IPv6: it counts as one. */
function network(address: string): string {
  if (isIP(address) !== 6) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    const missing = Math.max(0, 8 - groups.length - after.length);
    groups.push(...Array(missing).fill("0"), ...after);
  }
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16))
    .join(":") + "::/64";
}
