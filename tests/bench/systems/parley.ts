import type {
  RegisterRequest,
  Session,
} from "../../../src/protocol/accounts.ts";
import type { ChatItem } from "../../../src/protocol/sync.ts";
import { post } from "../api.ts";
import { plan } from "../plan.ts";
import { createParleyService } from "./parley_service.ts";
import type { Server, System, SystemParts, World } from "./system.ts";

/** Passwords are slow to hash by design: more at once would only wait in the service. */
const registersAtOnce = 4;

/** The service of this repository beside its peers. */
export async function parley(parts: SystemParts): Promise<System> {
  const service = await createParleyService(parts);
  return {
    name: "parley",
    databaseUrl: service.databaseUrl,
    populate: (server) => populate(server),
    start: () => service.start(),
  };
}

/** The people and chats that the load is put on. */
export async function populate(
  { host }: Pick<Server, "host">,
  pairCount: number = plan.pairs,
): Promise<World> {
  const people: Session[] = [];
  let turn = 0;
  await Promise.all(Array.from({ length: registersAtOnce }, async () => {
    while (turn < pairCount * 2) {
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
    Array.from({ length: pairCount }, async (_, pair) => {
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
