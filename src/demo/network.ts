import type { Platform } from "../client/mod.ts";

/** The network of one device, which can be cut as in a tunnel. */
export interface Network {
  /** What the device's client is to be made with. */
  readonly platform: Pick<Platform, "fetch" | "WebSocket" | "network">;
  cut(): void;
  heal(): void;
}

/** Nobody listens on the discard port. */
const nowhere = "ws://127.0.0.1:9";

export function createNetwork(): Network {
  const sockets = new Set<WebSocket>();
  const network = new EventTarget();
  let isCut = false;

  class Socket extends WebSocket {
    constructor(url: string, protocol?: string) {
      super(isCut ? nowhere : url, protocol);
      sockets.add(this);
      this.addEventListener("close", () => sockets.delete(this));
    }
  }

  return {
    platform: {
      WebSocket: Socket,
      network,
      fetch: (...request) =>
        isCut ? Promise.reject(new TypeError("No network")) : fetch(...request),
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.close();
    },
    heal() {
      isCut = false;
      network.dispatchEvent(new Event("online"));
    },
  };
}
