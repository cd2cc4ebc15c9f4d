/** A door in front of a Postgres that counts what its clients ask. */
export interface QueryCounter extends AsyncDisposable {
  /** The server's address, through this door. */
  readonly url: string;
  /** Round trips: a script of several statements is one. */
  readonly queries: number;
}

/** Message types of the protocol that ask something: Query and Execute (PostgreSQL manual, 55.7). */
const asking = new Set(["Q", "E"].map((type) => type.charCodeAt(0)));

export function startQueryCounter(server: string): QueryCounter {
  const target = new URL(server);
  const hostname = "127.0.0.1";
  const listener = Deno.listen({ hostname, port: 0 });
  const url = new URL(server);
  url.hostname = hostname;
  url.port = String(listener.addr.port);
  const open = new Set<Deno.TcpConn>();
  let queries = 0;

  async function serve(client: Deno.TcpConn): Promise<void> {
    const database = await Deno.connect({
      hostname: target.hostname,
      port: Number(target.port || 5432),
    });
    open.add(client).add(database);
    const count = messageCounter();
    const pass = async (
      from: Deno.TcpConn,
      to: Deno.TcpConn,
      look: (bytes: Uint8Array) => void,
    ) => {
      const buffer = new Uint8Array(65536);
      for (;;) {
        const read = await from.read(buffer);
        if (read === null) return;
        look(buffer.subarray(0, read));
        for (let at = 0; at < read;) {
          at += await to.write(buffer.subarray(at, read));
        }
      }
    };
    const ends = [
      pass(client, database, (bytes) => queries += count(bytes)),
      pass(database, client, () => {}),
    ];
    await Promise.race(ends).catch(() => {});
    for (const end of [client, database]) if (open.delete(end)) end.close();
    await Promise.allSettled(ends);
  }

  const serving = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const client of listener) {
      const served = serve(client).catch(() => {});
      serving.add(served);
      void served.then(() => serving.delete(served));
    }
  })();

  return {
    url: url.href,
    get queries() {
      return queries;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const end of open) end.close();
      open.clear();
      await accepting;
      await Promise.all(serving);
    },
  };
}

/** Counts the asking messages in one direction of a connection, whose first message has no type. */
function messageCounter(): (bytes: Uint8Array) => number {
  /** What is left of the message under way. */
  let rest = 0;
  let header: number[] = [];
  let isFirst = true;
  return (bytes) => {
    let asked = 0;
    for (let at = 0; at < bytes.length;) {
      if (rest > 0) {
        const skipped = Math.min(rest, bytes.length - at);
        rest -= skipped;
        at += skipped;
        continue;
      }
      header.push(bytes[at++]!);
      if (header.length < (isFirst ? 4 : 5)) continue;
      const [a, b, c, d] = header.slice(-4) as [number, number, number, number];
      rest = ((a << 24) | (b << 16) | (c << 8) | d) - 4;
      if (!isFirst && asking.has(header[0]!)) asked++;
      isFirst = false;
      header = [];
    }
    return asked;
  };
}
