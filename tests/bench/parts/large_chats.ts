import type { Session } from "../../../src/protocol/accounts.ts";
import type { DeviceId, UserId } from "../../../src/protocol/ids.ts";
import { post } from "../api.ts";
import { Member } from "../load/member.ts";
import { plan } from "../plan.ts";
import { percentile } from "../statistics.ts";
import {
  createParleyService,
  type ParleyService,
} from "../systems/parley_service.ts";
import type { Bench } from "./bench.ts";

/** What the same thing costs in channels of different sizes, on an otherwise idle service. */
export interface LargeChats {
  /** Subscribers of each channel. */
  sizes: readonly number[];
  /** The median in milliseconds, in the order of the sizes. */
  p50Ms: Record<Step, number[]>;
  /** How long it took so many to join at once, in the order of the sizes. */
  joinsAtOnce: { count: number; ms: number[] };
}

const steps = [
  ...["firstMembers", "middleMembers", "join", "leave", "post"],
  ...["history", "read", "changes", "chatList", "hello"],
] as const;
export type Step = typeof steps[number];

interface Channel {
  readonly chatId: string;
  readonly size: number;
  /** Somebody who has subscribed among all the others, and is in no other chat. */
  readonly reader: string;
  /** A place in the middle of the list of members. */
  readonly middle: string;
}

export async function largeChats(bench: Bench): Promise<LargeChats> {
  const { sizes, rounds, times, joinsAtOnce } = plan.largeChats;
  const { processes, databases, say } = bench;
  const databaseUrl = await databases.create("large_chats");
  const service = await createParleyService({ processes, databaseUrl });
  await using server = await service.start();
  const { host } = server;
  const owner = (await post<Session>(host, "/auth/register", {
    username: "owner",
    password: crypto.randomUUID(),
  })).accessToken;

  say(`large chats: channels of ${sizes.join(", ")}`);
  await databases.run(databaseUrl, people(Math.max(...sizes)));
  const channels: Channel[] = [];
  for (const size of sizes) {
    const { chatId } = await post<{ chatId: string }>(host, "/chats", {
      kind: "channel",
      title: `Channel of ${size}`,
      handle: `size${size}`,
      visibility: "public",
    }, owner);
    await databases.run(databaseUrl, subscribe(chatId, size));
    const [reader] = await tokens(bench, service, 1, chatId);
    const [row] = await databases.run(databaseUrl, middleOf(chatId, size));
    for (let i = 0; i < plan.largeChats.messages; i++) {
      await speak(host, chatId, owner);
    }
    channels.push({
      chatId,
      size,
      reader: reader!,
      middle: String(row!.cursor),
    });
  }
  const joiners = await tokens(bench, service, joinsAtOnce);
  await databases.run(databaseUrl, "vacuum analyze");

  const found = Object.fromEntries(
    steps.map((step) => [step, channels.map((): number[] => [])]),
  ) as Record<Step, number[][]>;
  const atOnce = channels.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, channel] of channels.entries()) {
      const measured = await measure(host, owner, joiners, channel, times);
      const joined = await joinAll(host, joiners, channel);
      // The first round warms up.
      if (round === 0) continue;
      for (const step of steps) found[step][i]!.push(...measured[step]);
      atOnce[i]!.push(joined);
    }
  }
  const median = (values: number[]) => percentile(values, 0.5);
  return {
    sizes,
    p50Ms: Object.fromEntries(
      steps.map((step) => [step, found[step].map(median)]),
    ) as Record<Step, number[]>,
    joinsAtOnce: { count: joinsAtOnce, ms: atOnce.map(median) },
  };
}

/** So many times each step, in milliseconds. */
async function measure(
  host: string,
  owner: string,
  joiners: readonly string[],
  { chatId, reader, middle }: Channel,
  times: number,
): Promise<Record<Step, number[]>> {
  const found = Object.fromEntries(
    steps.map((step) => [step, [] as number[]]),
  ) as Record<Step, number[]>;
  const chat = `/chats/${chatId}`;
  const time = async (step: Step, work: () => Promise<unknown>) => {
    const begun = performance.now();
    await work();
    found[step].push(performance.now() - begun);
  };
  const ask = (path: string, token: string, method = "GET", body?: unknown) =>
    request(host, method, path, token, body);
  const members = `${chat}/members?limit=100`;
  for (let i = 0; i < times; i++) {
    const joiner = joiners[i % joiners.length]!;
    await time("firstMembers", () => ask(members, owner));
    await time(
      "middleMembers",
      () => ask(`${members}&cursor=${middle}`, owner),
    );
    await time("join", () => ask(`${chat}/join`, joiner, "POST"));
    await time("leave", () => ask(`${chat}/members/me`, joiner, "DELETE"));
    let seq = 0;
    await time("post", async () => {
      ({ seq } = await speak(host, chatId, owner));
    });
    await time("history", () => ask(`${chat}/messages`, reader));
    await time("read", () => ask(`${chat}/read`, reader, "POST", { seq }));
    await time("changes", () => ask(`${chat}/changes?since=0`, reader));
    await time("chatList", () => ask("/chats", reader));
    const member = new Member(reader);
    const { openedAt, liveAt } = await member.connect(host);
    found.hello.push(liveAt - openedAt);
    await member.disconnect();
  }
  return found;
}

/** All of them at the same moment, and out again. */
async function joinAll(
  host: string,
  joiners: readonly string[],
  { chatId }: Channel,
): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    joiners.map((token) =>
      request(host, "POST", `/chats/${chatId}/join`, token)
    ),
  );
  const ms = performance.now() - begun;
  await Promise.all(
    joiners.map((token) =>
      request(host, "DELETE", `/chats/${chatId}/members/me`, token)
    ),
  );
  return ms;
}

async function request(
  host: string,
  method: string,
  path: string,
  token: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`http://${host}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return text === "" ? null : JSON.parse(text);
  throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
}

const speak = (host: string, chatId: string, token: string) =>
  post<{ seq: number }>(host, `/chats/${chatId}/messages`, {
    content: { type: "text", text: "What happened today" },
  }, token);

/** People who are in no chat yet, numbered by their names. */
const people = (count: number) => `
  create table crowd as select n, gen_random_uuid() as user_id
    from generate_series(1, ${count}) n;
  insert into heads (scope_id, rev) select user_id, 1 from crowd;
  insert into users (user_id, username, display_name, password_hash, account_rev)
    select user_id, 'crowd' || n, 'Crowd ' || n, '', 1 from crowd`;

const subscribe = (chatId: string, count: number) => `
  insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
    select '${chatId}', user_id, 'subscriber', now() - interval '1 day' + n * interval '1 ms',
      0, 0, 1 from crowd where n <= ${count};
  update chats set member_count = member_count + ${count} where chat_id = '${chatId}'`;

/** People with a device of their own, in no chat yet but the one that is named. */
const newcomers = (count: number, chatId?: string) => `
  create temporary table fresh as select gen_random_uuid() as user_id,
    gen_random_uuid() as device_id from generate_series(1, ${count});
  insert into heads (scope_id, rev) select user_id, 1 from fresh;
  insert into users (user_id, username, display_name, password_hash, account_rev)
    select user_id, 'f' || replace(left(user_id::text, 30), '-', ''), 'New', '', 1 from fresh;
  insert into devices (device_id, user_id, name, platform, account_rev)
    select device_id, user_id, 'bench', 'bench', 1 from fresh;
  ${
  chatId === undefined ? "" : `
  insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
    select '${chatId}', user_id, 'subscriber', now(), 0, 0, 1 from fresh;
  update chats set member_count = member_count + ${count} where chat_id = '${chatId}';`
}
  select json_agg(fresh) as people from fresh`;

/** A cursor as the list of members gives it. */
const middleOf = (chatId: string, size: number) => `
  select to_char(joined_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    || '%20' || user_id as cursor
  from members where chat_id = '${chatId}'
  order by joined_at, user_id offset ${Math.floor(size / 2)} limit 1`;

/** The tokens of so many newcomers. */
async function tokens(
  { databases }: Bench,
  { databaseUrl, tokenOf }: ParleyService,
  count: number,
  chatId?: string,
): Promise<string[]> {
  const results = await databases.run(databaseUrl, newcomers(count, chatId));
  // Of several statements each has rows of its own.
  const [row] = results.at(-1) as unknown as [{
    people: { user_id: UserId; device_id: DeviceId }[];
  }];
  return await Promise.all(
    row.people.map((one) => tokenOf(one.user_id, one.device_id)),
  );
}
