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

/** What the same thing costs in chats of different sizes, on an otherwise idle service. */
export type LargeChats = readonly LargeChat[];

export interface LargeChat {
  kind: Kind;
  /** Members of each chat. */
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

type Kind = "channel" | "group";

interface Chat {
  readonly chatId: string;
  /** Where one comes in. */
  readonly door: string;
  readonly size: number;
  /** Somebody who is in it with all the others, and in no other chat. */
  readonly reader: string;
  /** A place in the middle of the list of members. */
  readonly middle: string;
}

export async function largeChats(bench: Bench): Promise<LargeChats> {
  const { sizes, joinsAtOnce } = plan.largeChats;
  const { processes, databases, say } = bench;
  const databaseUrl = await databases.create("large_chats");
  const service = await createParleyService({ processes, databaseUrl });
  await using server = await service.start();
  const { host } = server;
  const owner = (await post<Session>(host, "/auth/register", {
    username: "owner",
    password: crypto.randomUUID(),
  })).accessToken;
  const most = Math.max(...Object.values(sizes).flat());
  await databases.run(databaseUrl, people(most));
  const joiners = await tokens(bench, service, joinsAtOnce);

  const found: LargeChat[] = [];
  for (const kind of ["channel", "group"] as const) {
    say(`large chats: a ${kind} of ${sizes[kind].join(", ")}`);
    const chats: Chat[] = [];
    for (const size of sizes[kind]) {
      chats.push(await makeChat(bench, service, host, owner, kind, size));
    }
    await databases.run(databaseUrl, "vacuum analyze");
    found.push({ kind, ...await compare(host, owner, joiners, chats) });
  }
  return found;
}

async function makeChat(
  bench: Bench,
  service: ParleyService,
  host: string,
  owner: string,
  kind: Kind,
  size: number,
): Promise<Chat> {
  const { databases } = bench;
  const { databaseUrl } = service;
  const { chatId } = await post<{ chatId: string }>(host, "/chats", {
    kind,
    title: `The ${kind} of ${size}`,
    ...(kind === "channel" && { handle: `size${size}`, visibility: "public" }),
  }, owner);
  await databases.run(databaseUrl, fill(chatId, kind, size));
  const [reader] = await tokens(bench, service, 1, { chatId, kind });
  const [row] = await databases.run(databaseUrl, middleOf(chatId, size));
  for (let i = 0; i < plan.largeChats.messages; i++) {
    await speak(host, chatId, owner);
  }
  const invites = `/chats/${chatId}/invites`;
  const { code } = await post<{ code: string }>(host, invites, {}, owner);
  const door = kind === "channel"
    ? `/chats/${chatId}/join`
    : `/invites/${code}/join`;
  return { chatId, door, reader: reader!, middle: String(row!.cursor), size };
}

/** Round after round through all the chats, so that what disturbs the machine disturbs all alike. */
async function compare(
  host: string,
  owner: string,
  joiners: readonly string[],
  chats: readonly Chat[],
): Promise<Omit<LargeChat, "kind">> {
  const { rounds, times } = plan.largeChats;
  const found = Object.fromEntries(
    steps.map((step) => [step, chats.map((): number[] => [])]),
  ) as Record<Step, number[][]>;
  const atOnce = chats.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, chat] of chats.entries()) {
      const measured = await measure(host, owner, joiners, chat, times);
      const joined = await joinAll(host, joiners, chat);
      // The first round warms up.
      if (round === 0) continue;
      for (const step of steps) found[step][i]!.push(...measured[step]);
      atOnce[i]!.push(joined);
    }
  }
  const median = (values: number[]) => percentile(values, 0.5);
  return {
    sizes: chats.map(({ size }) => size),
    p50Ms: Object.fromEntries(
      steps.map((step) => [step, found[step].map(median)]),
    ) as Record<Step, number[]>,
    joinsAtOnce: { count: joiners.length, ms: atOnce.map(median) },
  };
}

/** So many times each step, in milliseconds. */
async function measure(
  host: string,
  owner: string,
  joiners: readonly string[],
  { chatId, door, reader, middle }: Chat,
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
    await time("join", () => ask(door, joiner, "POST"));
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
  { chatId, door }: Chat,
): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    joiners.map((token) => request(host, "POST", door, token)),
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

const roleIn = (kind: Kind) => kind === "channel" ? "subscriber" : "member";

const fill = (chatId: string, kind: Kind, count: number) => `
  insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
    select '${chatId}', user_id, '${
  roleIn(kind)
}', now() - interval '1 day' + n * interval '1 ms',
      0, 0, 1 from crowd where n <= ${count};
  update chats set member_count = member_count + ${count} where chat_id = '${chatId}'`;

interface Place {
  readonly chatId: string;
  readonly kind: Kind;
}

/** People with a device of their own, in no chat yet but the one that is named. */
const newcomers = (count: number, chat?: Place) => `
  create temporary table fresh as select gen_random_uuid() as user_id,
    gen_random_uuid() as device_id from generate_series(1, ${count});
  insert into heads (scope_id, rev) select user_id, 1 from fresh;
  insert into users (user_id, username, display_name, password_hash, account_rev)
    select user_id, 'f' || replace(left(user_id::text, 30), '-', ''), 'New', '', 1 from fresh;
  insert into devices (device_id, user_id, name, platform, account_rev)
    select device_id, user_id, 'bench', 'bench', 1 from fresh;
  ${
  chat === undefined ? "" : `
  insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
    select '${chat.chatId}', user_id, '${
    roleIn(chat.kind)
  }', now(), 0, 0, 1 from fresh;
  update chats set member_count = member_count + ${count}
    where chat_id = '${chat.chatId}';`
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
  chat?: Place,
): Promise<string[]> {
  const results = await databases.run(databaseUrl, newcomers(count, chat));
  // Of several statements each has rows of its own.
  const [row] = results.at(-1) as unknown as [{
    people: { user_id: UserId; device_id: DeviceId }[];
  }];
  return await Promise.all(
    row.people.map((one) => tokenOf(one.user_id, one.device_id)),
  );
}
