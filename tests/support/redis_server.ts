import { connectRedis, type RedisReply } from "./redis_connection.ts";
import { freePort, redisProgram } from "./programs.ts";

/** A Redis of the test's own, which it may empty and kill. It keeps nothing on disk. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** Runs one command; rejects with what Redis has against it. */
  run(...command: string[]): Promise<RedisReply>;
  start(): Promise<void>;
  /** The server is gone in mid-sentence, and with it all that it knew. */
  kill9(): Promise<void>;
}

/** For tests that start their own Redis. */
export const needsRedis = () => ({ ignore: redisProgram === undefined });

export async function startRedis(): Promise<RedisServer> {
  const port = freePort();
  let server: Deno.ChildProcess | undefined;

  async function start() {
    server = new Deno.Command(redisProgram!, {
      args: [
        ...["--bind", "127.0.0.1", "--port", `${port}`],
        ...["--save", "", "--appendonly", "no"],
      ],
      cwd: "/tmp",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended = false;
    void server.status.then(() => ended = true);
    while (!await answers(port)) {
      if (ended) throw new Error(`Redis has not started on port ${port}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function kill9() {
    server?.kill("SIGKILL");
    await server?.status;
    server = undefined;
  }

  await start();
  return {
    port,
    async run(...command) {
      using redis = await connectRedis(port);
      const [reply] = await redis.send(command);
      if (reply instanceof Error) throw reply;
      return reply!;
    },
    start,
    kill9,
    [Symbol.asyncDispose]: kill9,
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    using redis = await connectRedis(port);
    return (await redis.send(["PING"]))[0] === "PONG";
  } catch {
    return false;
  }
}
