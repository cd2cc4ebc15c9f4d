/**
 * The gateway owns the sockets: `upgrade` makes a connection, `receive.ts` checks its frames,
 * `attach.ts` answers hello, `dispatch.ts` hands requests to the capabilities, `hub.ts` passes events
 * on, `outbox.ts` keeps slow consumers in bounds.
 *
 * @module
 */
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { PresenceService } from "../presence/mod.ts";
import { closeCodes } from "../protocol/frames.ts";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";
import { attach, type AttachParts } from "./attach.ts";
import { Connection } from "./connection.ts";
import { createDispatch, type DispatchParts } from "./dispatch.ts";
import { handshake } from "./handshake.ts";
import type { Hub } from "./hub.ts";
import { createReceive } from "./receive.ts";
import { createShares } from "./shares.ts";

export { createHub, type Hub } from "./hub.ts";
export { sweptReceipts } from "./swept_receipts.ts";
export { createInterest } from "./interest.ts";

const { helloMs } = limits;

/** How long a stopping service waits for its clients to answer the close, in milliseconds. */
const goodbyeMs = 1000;

/** Clients are told to come back within this long, each at a moment of its own. */
const drainSpreadMs = 2000;

export interface GatewayParts
  extends
    Omit<AttachParts, "heartbeatMs" | "shares">,
    Omit<DispatchParts, "hub" | "inbox" | "presence"> {
  readonly hub: Hub;
  readonly inbox: AttachParts["inbox"] & DispatchParts["inbox"];
  readonly presence:
    & Pick<PresenceService, "arrive" | "depart">
    & DispatchParts["presence"];
  readonly log: Log;
  /** The time that tokens run out by. */
  readonly clock: Clock;
  /** Milliseconds that never run backwards. */
  now(): number;
  /** How often connections are checked against the time, in milliseconds. */
  readonly tickMs?: number;
  readonly heartbeatMs?: number;
}

export interface Gateway {
  /** Answers an upgrade request; throws a `Problem` for what is none. */
  upgrade(request: Request): Response;
  /**
   * Tells everyone to go elsewhere, refuses new work, waits for what is under way, and closes all
   * sockets.
   */
  drain(finishWork: () => Promise<void>): Promise<void>;
  readonly connections: number;
}

export function createGateway(parts: GatewayParts): Gateway {
  const { hub, presence, log, clock, now } = parts;
  const { tickMs = 1000, heartbeatMs = limits.heartbeatMs } = parts;
  const connections = new Set<Connection>();
  const sockets = new Set<WebSocket>();
  const shares = createShares(now);
  let draining = false;

  const receive = createReceive({
    attach: (...hello) => attach({ ...parts, heartbeatMs, shares }, ...hello),
    onLive: (connection) => {
      if (!connection.isClosed) presence.arrive(connection);
    },
    dispatch: createDispatch(parts),
    isDraining: () => draining,
    log,
  });

  // One timer for all: a timer a connection would cost more than the checks.
  const ticker = setInterval(() => {
    for (const connection of connections) check(connection);
  }, tickMs);

  function check(connection: Connection) {
    const { caller, openedAt, phase } = connection;
    if (phase === "silent" && now() - openedAt > helloMs) {
      connection.close(closeCodes.timeout, "No hello in time");
    } else if (caller && caller.expiresAt.getTime() <= clock()) {
      connection.close(closeCodes.unauthenticated, "The token has run out");
    }
  }

  function open(socket: WebSocket) {
    if (draining) {
      return socket.close(closeCodes.restart, "The server restarts");
    }
    const connection = new Connection(socket, now(), now, forget);
    connections.add(connection);
    socket.onmessage = ({ data }) => void receive(connection, data);
    sockets.add(socket);
    socket.onclose = () => {
      sockets.delete(socket);
      connection.end();
    };
    // A close follows every error.
    socket.onerror = () => {};
  }

  function forget(connection: Connection) {
    connections.delete(connection);
    connection.share?.leave();
    hub.leave(connection);
    if (connection.caller) presence.depart(connection);
  }

  /** A server that ends before its clients have answered takes the reason for it along. */
  async function farewell() {
    const stepMs = 10;
    for (let ms = 0; sockets.size > 0 && ms < goodbyeMs; ms += stepMs) {
      await new Promise((resolve) => setTimeout(resolve, stepMs));
    }
  }

  return {
    upgrade(request) {
      if (draining) throw new Problem("unavailable", { retryAfterMs: 1000 });
      const { socket, response } = handshake(request, heartbeatMs);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => open(socket);
      return response;
    },

    async drain(finishWork) {
      draining = true;
      clearInterval(ticker);
      for (const connection of connections) {
        const reconnectInMs = Math.round(Math.random() * drainSpreadMs);
        connection.send({ type: "server.draining", reconnectInMs });
      }
      await finishWork();
      // The replies to the last requests are sent in the turns after.
      await new Promise((resolve) => setTimeout(resolve, 0));
      for (const connection of connections) {
        connection.close(closeCodes.restart, "The server restarts");
      }
      await farewell();
    },

    get connections() {
      return connections.size;
    },
  };
}
