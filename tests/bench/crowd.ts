import type { Session } from "../../src/protocol/accounts.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { post } from "./api.ts";
import type { Databases } from "./databases.ts";
import type { ParleyService } from "./systems/parley_service.ts";
import type { Person } from "./systems/system.ts";

/** Many people who share groups and direct chats. */
export interface Crowd {
  readonly people: Person[];
  /** Direct chats of two of them, nobody in more than one of these. */
  readonly pairs: readonly {
    readonly chatId: string;
    readonly sender: number;
    readonly receiver: number;
  }[];
  /** Chats that each is in. */
  readonly chatsEach: number;
}

export interface CrowdOptions {
  readonly people: number;
  readonly groupSize: number;
  /** Groups that each is in. */
  readonly groupsEach: number;
  readonly pairs: number;
}

const requestsAtOnce = 32;
/** Each has one with the person before and one with the person after. */
const directsEach = 2;

/**
 * Makes the people, through the service where that is quick. A password takes its time to hash, so
 * one person registers and the others are copies of that one.
 */
export async function createCrowd(
  databases: Databases,
  service: ParleyService,
  host: string,
  { people: count, groupSize, groupsEach, pairs }: CrowdOptions,
): Promise<Crowd> {
  const members = await copies(databases, service, host, count);
  const chats: { from: number; body: object }[] = [];
  for (let nth = 0; nth < groupsEach; nth++) {
    // Strides that differ, so that people meet others in every group.
    const stride = [1, 7, 11, 13, 17][nth % 5]!;
    const order = members.keys().map((i) => (i * stride) % count).toArray();
    for (let from = 0; from < count; from += groupSize) {
      const [first, ...others] = order.slice(from, from + groupSize);
      const memberIds = others.map((i) => members[i]!.userId);
      const body = { kind: "group", title: `Group ${nth}`, memberIds };
      chats.push({ from: first!, body });
    }
  }
  const firstDirect = chats.length;
  for (const i of members.keys()) {
    const memberIds = [members[(i + 1) % count]!.userId];
    chats.push({ from: i, body: { kind: "direct", memberIds } });
  }

  const made: string[] = [];
  const turns = chats.entries();
  await Promise.all(Array.from({ length: requestsAtOnce }, async () => {
    for (const [turn, { from, body }] of turns) {
      const { token } = members[from]!;
      made[turn] = (await post<ChatItem>(host, "/chats", body, token)).chatId;
    }
  }));
  return {
    people: members.map(({ token }) => token),
    pairs: Array.from({ length: pairs }, (_, pair) => {
      // Every second direct chat, so that nobody is in two pairs; spread over the crowd.
      const sender = Math.floor(pair * count / pairs / 2) * 2;
      return {
        chatId: made[firstDirect + sender]!,
        sender,
        receiver: sender + 1,
      };
    }),
    chatsEach: groupsEach + directsEach,
  };
}

interface Member {
  readonly userId: UserId;
  readonly token: Person;
}

/** One person who registered, and copies of that one. */
async function copies(
  databases: Databases,
  service: ParleyService,
  host: string,
  count: number,
): Promise<Member[]> {
  const { user, device } = await post<Session>(host, "/auth/register", {
    username: "original",
    password: crypto.randomUUID(),
  });
  const ids = Array.from({ length: count }, () => ({
    userId: crypto.randomUUID() as UserId,
    deviceId: crypto.randomUUID() as DeviceId,
  }));
  const values = ids.map(({ userId, deviceId }, i) =>
    `('${userId}'::uuid, '${deviceId}'::uuid, 'crowd${i}')`
  ).join(", ");
  const copy = (table: string, key: string, id: string, changes: string) =>
    `insert into ${table}
      select (jsonb_populate_record(original, ${changes})).*
      from ${table} original cross join copy where original.${key} = '${id}';`;
  await databases.run(
    service.databaseUrl,
    `create temp table copy as
      select * from (values ${values}) as copy (user_id, device_id, username);
    ${
      copy(
        "users",
        "user_id",
        user.userId,
        "jsonb_build_object('user_id', copy.user_id, 'username', copy.username)",
      )
    }
    ${
      copy(
        "devices",
        "device_id",
        device.deviceId,
        "jsonb_build_object('user_id', copy.user_id, 'device_id', copy.device_id)",
      )
    }
    ${
      copy(
        "heads",
        "scope_id",
        user.userId,
        "jsonb_build_object('scope_id', copy.user_id)",
      )
    }
    analyze users; analyze devices; analyze heads;`,
  );
  return await Promise.all(ids.map(async ({ userId, deviceId }) => ({
    userId,
    token: await service.tokenOf(userId, deviceId),
  })));
}
