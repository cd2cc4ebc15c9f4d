/**
 * Opens a WebSocket and resolves once `ready` is called; rejects when it closes before.
 * Later, `lost` is told why it closed.
 */
export function openSocket(
  url: string,
  protocols: string[],
  on: {
    open?: (socket: WebSocket) => void;
    frame: (data: string, socket: WebSocket, ready: () => void) => void;
    lost: (reason: string) => void;
  },
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols);
    let isReady = false;
    const ready = () => {
      isReady = true;
      resolve(socket);
    };
    socket.onopen = () => {
      if (on.open === undefined) ready();
      else on.open(socket);
    };
    socket.onmessage = ({ data }) => on.frame(data, socket, ready);
    socket.onclose = ({ code, reason }) => {
      const why = `the server closed a connection: ${code} ${reason}`.trim();
      if (isReady) on.lost(why);
      else reject(new Error(why));
    };
    socket.onerror = () => {};
  });
}
