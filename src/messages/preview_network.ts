import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** How the service finds other hosts, and which of them it may ask. */
export interface PreviewNetwork {
  /** Every address of a host. */
  lookup(host: string): Promise<string[]>;
  isAllowed(address: string, port: number): Promise<boolean>;
}

const webPorts = [80, 443];

/** Public addresses alone, at the ports of the web. */
export const publicNetwork: PreviewNetwork = {
  async lookup(host) {
    const found = await lookup(host, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  },
  isAllowed: async (address, port) =>
    webPorts.includes(port) && await isPublic(address),
};

/**
 * Whether an address is that of a host on the public internet: not this machine, its networks, a
 * multicast group, nor IPv6 that stands for IPv4 (mapped, NAT64, 6to4, Teredo), behind which any of
 * these may be. Of IPv6 only global unicast (2000::/3, RFC 4291) is in use at all.
 */
export async function isPublic(address: string): Promise<boolean> {
  if (isIP(address) === 0) return false;
  const { default: ipaddr } = await import("ipaddr.js");
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" ||
    parsed.match(ipaddr.IPv6.parseCIDR("2000::/3"));
}
