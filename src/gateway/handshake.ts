import { subprotocol } from "../protocol/frames.ts";
import { Problem } from "../protocol/problem.ts";

/**
 * Makes a socket of an upgrade request (RFC 6455, section 4.2) and pins the subprotocol. The socket
 * is pinged each `heartbeatMs` of silence, and closed after two without an answer. Throws
 * `invalid_input` for what is no handshake.
 */
export function handshake(
  request: Request,
  heartbeatMs: number,
): Deno.WebSocketUpgrade {
  const { headers } = request;
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw refusal("This is a WebSocket endpoint");
  }
  const offered = headers.get("sec-websocket-protocol") ?? "";
  if (!offered.split(",").some((name) => name.trim() === subprotocol)) {
    throw refusal(`Offer the subprotocol ${subprotocol}`);
  }
  if (headers.get("sec-websocket-version") !== "13") {
    throw refusal("Speak version 13 of the WebSocket protocol");
  }
  // Deno pings after half of it in silence and closes when the rest passes without a pong.
  const idleTimeout = 2 * heartbeatMs / 1000;
  // Deno's own option finds it only in a list with exactly one space after each comma.
  if (offered.split(", ").includes(subprotocol)) {
    return upgrade(request, { idleTimeout, protocol: subprotocol });
  }
  const upgraded = upgrade(request, { idleTimeout });
  try {
    upgraded.response.headers.set("sec-websocket-protocol", subprotocol);
  } catch (error) {
    // Deno 2.5 lets nobody change them.
    throw refusal("Offer subprotocols with one space after each comma", error);
  }
  return upgraded;
}

function upgrade(request: Request, options: Deno.UpgradeWebSocketOptions) {
  try {
    return Deno.upgradeWebSocket(request, options);
  } catch (error) {
    // What else a handshake needs, Deno looks for.
    if (!(error instanceof TypeError)) throw error;
    throw refusal("This is no WebSocket handshake", error);
  }
}

const refusal = (detail: string, cause?: unknown) =>
  new Problem("invalid_input", { detail }, { cause });
