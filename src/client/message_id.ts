import type { MessageId } from "../protocol/ids.ts";

/**
 * A new UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits.
 * It names the message before the service has seen it, so that sending it twice stores it once.
 */
export function newMessageId(now: number): MessageId {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(now / 0x10000));
  view.setUint16(4, now % 0x10000);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").replace(
    /^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
    "$1-$2-$3-$4-$5",
  ) as MessageId;
}
