import { newKeyEntry } from "../../../src/lib/key_list.ts";
import type {
  RegisterRequest,
  Session,
} from "../../../src/protocol/accounts.ts";
import type { ChatItem } from "../../../src/protocol/sync.ts";
import { plan } from "../plan.ts";
import { freePort, untilOk } from "../ports.ts";
import type { Server, System, SystemParts, World } from "./system.ts";

/** Passwords are slow to hash by design: more at once would only wait in the service. */
const registersAtOnce = 4;

/** The service of this repository, migrated and configured as an operator would. */
export async function parley(
  { processes, databaseUrl }: SystemParts,
): Promise<System> {
  const env = {
    DATABASE_URL: databaseUrl,
    MASTER_KEYS: newKeyEntry("bench"),
    JWT_KEYS: newKeyEntry("bench"),
    // Names the issuer of the tokens, which every process of the service must agree on.
    PUBLIC_URL: "http://parley.bench",
    HOST: "127.0.0.1",
    // Its peers do not write a line for each request either.
    LOG_LEVEL: "warn",
  };
  const migrate = processes.start(Deno.execPath(), ["task", "migrate"], {
    env,
  });
  if (!await migrate.ended) throw new Error(migrate.complaint());

  return {
    name: "parley",
    databaseUrl,
    populate,
    async start() {
      const port = freePort();
      const process = processes.start(
        Deno.execPath(),
        ["run", "-A", "src/main.ts"],
        { env: { ...env, PORT: String(port) } },
      );
      const host = `127.0.0.1:${port}`;
      await untilOk(`http://${host}/health/ready`, process);
      return {
        process,
        host,
        [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
      };
    },
  };
}

async function populate({ host }: Server): Promise<World> {
  const people: Session[] = [];
  let turn = 0;
  await Promise.all(Array.from({ length: registersAtOnce }, async () => {
    while (turn < plan.pairs * 2) {
      people.push(
        await post<Session>(
          host,
          "/auth/register",
          {
            username: `person${turn++}`,
            password: crypto.randomUUID(),
          } satisfies RegisterRequest,
        ),
      );
    }
  }));

  const pairs = await Promise.all(
    Array.from({ length: plan.pairs }, async (_, pair) => {
      const sender = people[pair * 2]!;
      const receiver = people[pair * 2 + 1]!;
      const { chatId } = await post<ChatItem>(
        host,
        "/chats",
        { kind: "direct", memberIds: [receiver.user.userId] },
        sender.accessToken,
      );
      return {
        chatId,
        sender: sender.accessToken,
        receiver: receiver.accessToken,
      };
    }),
  );

  const group = await post<ChatItem>(
    host,
    "/chats",
    {
      kind: "group",
      title: "Everybody",
      memberIds: people.slice(1).map(({ user }) => user.userId),
    },
    people[0]!.accessToken,
  );
  return {
    pairs,
    group: {
      chatId: group.chatId,
      members: people.map(({ accessToken }) => accessToken),
    },
  };
}

async function post<T>(
  host: string,
  path: string,
  body: unknown,
  token?: string,
): Promise<T> {
  const response = await fetch(`http://${host}/api/v1${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`POST ${path} answered ${response.status}: ${text}`);
  }
  return JSON.parse(text);
}
