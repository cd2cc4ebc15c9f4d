/** A door in front of a port of this machine that can be made to misbehave. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on bytes vanish in both directions, while every connection seems to stand. */
  swallow(): void;
  /** Forwards again, on new connections. */
  heal(): void;
}

export function startTcpProxy(target: number): TcpProxy {
  const hostname = "127.0.0.1";
  const listener = Deno.listen({ hostname, port: 0 });
  const open = new Set<Deno.TcpConn>();
  let swallowing = false;

  async function serve(client: Deno.TcpConn): Promise<void> {
    const server = await Deno.connect({ hostname, port: target });
    open.add(client).add(server);
    let lost = false;
    const forward = async (from: Deno.TcpConn, to: Deno.TcpConn) => {
      const buffer = new Uint8Array(65536);
      for (;;) {
        const read = await from.read(buffer);
        if (read === null) return;
        lost ||= swallowing;
        let at = lost ? read : 0;
        while (at < read) at += await to.write(buffer.subarray(at, read));
      }
    };
    await Promise.race([forward(client, server), forward(server, client)])
      .catch(() => {});
    for (const end of [client, server]) if (open.delete(end)) end.close();
  }

  const accepting = (async () => {
    for await (const client of listener) serve(client).catch(() => {});
  })();

  return {
    port: listener.addr.port,
    swallow: () => void (swallowing = true),
    heal: () => void (swallowing = false),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const end of open) end.close();
      open.clear();
      await accepting;
    },
  };
}
