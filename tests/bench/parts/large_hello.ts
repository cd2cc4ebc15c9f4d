import type { Session } from "../../../src/protocol/accounts.ts";
import { post } from "../api.ts";
import { cpuSeconds } from "../cpu.ts";
import { Member } from "../load/member.ts";
import { plan } from "../plan.ts";
import { percentile } from "../statistics.ts";
import { createParleyService } from "../systems/parley_service.ts";
import type { Bench } from "./bench.ts";

/** The hello of somebody in very many chats, on an idle service. */
export interface LargeHello {
  chats: number;
  /** With everything in the answer. */
  whole: HelloTime;
  /** With a cursor from which on nothing has changed. */
  withCursor: HelloTime;
}

export interface HelloTime {
  /** From saying hello to having read its answer. */
  p50Ms: number;
  p99Ms: number;
  /** Processor time of the service for one. */
  cpuMs: number;
}

const requestsAtOnce = 16;

export async function largeHello(bench: Bench): Promise<LargeHello> {
  const { chats, hellos, warmups } = plan.largeHello;
  const { processes, databases, say } = bench;
  const databaseUrl = await databases.create("hello");
  const service = await createParleyService({ processes, databaseUrl });
  await using server = await service.start();
  const { host, process: { pid } } = server;
  say(`large hello: making ${chats} chats`);
  const [one, other] = await Promise.all(
    ["one", "other"].map((username) =>
      post<Session>(host, "/auth/register", {
        username,
        password: crypto.randomUUID(),
      })
    ),
  );
  const left = Array.from({ length: chats }, (_, i) => i).values();
  await Promise.all(Array.from({ length: requestsAtOnce }, async () => {
    for (const i of left) {
      const memberIds = [other!.user.userId];
      const body = { kind: "group", title: `Group ${i}`, memberIds };
      await post(host, "/chats", body, one!.accessToken);
    }
  }));
  await databases.run(databaseUrl, "analyze");

  say(`large hello: ${hellos} times`);
  async function time(newMember: () => Member): Promise<HelloTime> {
    const hello = async () => {
      const member = newMember();
      const { openedAt, liveAt } = await member.connect(host);
      await member.disconnect();
      return liveAt - openedAt;
    };
    for (let i = 0; i < warmups; i++) await hello();
    const before = await cpuSeconds(pid);
    const times: number[] = [];
    for (let i = 0; i < hellos; i++) times.push(await hello());
    return {
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      cpuMs: (await cpuSeconds(pid) - before) * 1000 / hellos,
    };
  }
  const fresh = () => new Member(one!.accessToken, () => {});
  const known = fresh();
  return {
    chats,
    whole: await time(fresh),
    withCursor: await time(() => known),
  };
}
