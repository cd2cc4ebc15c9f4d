// The crowd of the reconnect storm, a process of its own.
import type { CrowdOrders, CrowdTask, Return } from "./crowd_orders.ts";
import { type Arrival, Member } from "./member.ts";
import { obeyOrders } from "./obey.ts";
import { pause } from "./pause.ts";
import { percentiles, Writers } from "./writers.ts";

/** What a client waits after a failed attempt; a real one waits longer. */
const retryMs = 100;
/** How long unanswered sends are waited for at the end. */
const drainMs = 10_000;

class Crowd {
  readonly #members: Member[];
  /** Writers that are back before everybody else, and those among everybody. */
  readonly #writers: { before: Writers; among: Writers };
  readonly #early: Set<Member>;
  #backAt = 0;

  constructor({ people, pairs }: CrowdTask) {
    const answered = (messageId: string, ok: boolean) => {
      this.#writers.before.answered(messageId, ok);
      this.#writers.among.answered(messageId, ok);
    };
    this.#members = people.map((token) => new Member(token, answered));
    const written = pairs.map(({ chatId, sender, receiver }) => ({
      chatId,
      sender: this.#members[sender]!,
      receiver: this.#members[receiver]!,
    }));
    const before = written.slice(0, written.length / 2);
    this.#early = new Set(
      before.flatMap(({ sender, receiver }) => [sender, receiver]),
    );
    this.#writers = {
      before: new Writers(before),
      among: new Writers(written.slice(written.length / 2)),
    };
  }

  async gather({ host, atOnce }: CrowdOrders["gather"]["ask"]): Promise<null> {
    const turns = this.#members.values();
    await Promise.all(Array.from({ length: atOnce }, async () => {
      for (const member of turns) {
        while (!member.isLive) {
          await member.connect(host).catch(() => pause(retryMs));
        }
      }
    }));
    return null;
  }

  write({ perSecond }: CrowdOrders["write"]["ask"]): Promise<null> {
    this.#writers.before.start(perSecond);
    this.#writers.among.start(perSecond);
    return Promise.resolve(null);
  }

  async comeBack(
    { host, limitMs }: CrowdOrders["comeBack"]["ask"],
  ): Promise<Return> {
    let retries = 0;
    let over = false;
    const arrivals: (Arrival & { startedAt: number })[] = [];
    const arrive = async (member: Member) => {
      while (!over) {
        const startedAt = performance.now();
        try {
          const { openedAt, liveAt } = await member.connect(host);
          if (!over) arrivals.push({ startedAt, openedAt, liveAt });
          return;
        } catch {
          retries++;
          await pause(retryMs);
        }
      }
    };
    await Promise.all(this.#early.values().map(arrive));

    arrivals.length = 0;
    const backAt = this.#backAt = performance.now();
    const others = this.#members.filter((member) => !this.#early.has(member));
    await Promise.race([Promise.all(others.map(arrive)), pause(limitMs)]);
    over = true;
    return {
      allLiveMs: performance.now() - backAt,
      away: others.length - arrivals.length,
      retries,
      live: percentiles(arrivals.map((each) => each.liveAt - each.startedAt)),
      hello: percentiles(arrivals.map((each) => each.liveAt - each.openedAt)),
    };
  }

  async stop(): Promise<CrowdOrders["stop"]["answer"]> {
    const { before, among } = this.#writers;
    before.stop();
    among.stop();
    const until = performance.now() + drainMs;
    const lost = () =>
      before.unanswered + among.unanswered +
      this.#members.filter(({ isLive }) => !isLive).length;
    while (lost() > 0 && performance.now() < until) await pause(20);
    return {
      before: before.figures(this.#backAt),
      among: among.figures(this.#backAt),
      lost: lost(),
    };
  }
}

await obeyOrders<CrowdTask>((task) => {
  const crowd = new Crowd(task);
  const handlers: {
    [O in keyof CrowdOrders]: (
      ask: CrowdOrders[O]["ask"],
    ) => Promise<CrowdOrders[O]["answer"]>;
  } = {
    gather: (ask) => crowd.gather(ask),
    write: (ask) => crowd.write(ask),
    comeBack: (ask) => crowd.comeBack(ask),
    stop: () => crowd.stop(),
  };
  return (order, ask) => handlers[order as keyof CrowdOrders](ask);
});
