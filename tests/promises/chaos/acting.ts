import type { Client } from "./client.ts";
import { operate } from "./operate.ts";
import { pause } from "./pause.ts";
import { type Plan, plansOf } from "./plan.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** Operations of one client that may be under way at once. */
const window = 4;

export interface Acting {
  /** Operations begun so far. */
  readonly begun: number;
  /** Resolves with the work, but rejects as soon as a client finds no way to go on. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Begins no more. Resolves once everything begun is over, which takes a service that works. */
  end(): Promise<void>;
}

/**
 * Lets every client carry out plans of its own, all at once, each its own in order. On average a
 * client thinks for `thinkMs` before each.
 */
export function act(world: World, random: Random, thinkMs: number): Acting {
  const failure = Promise.withResolvers<never>();
  let begun = 0;
  let goesOn = true;

  function fail(error: unknown) {
    goesOn = false;
    failure.reject(error);
  }
  // Whoever waits for it hears of it.
  failure.promise.catch(() => {});

  async function one(client: Client, plans: Iterator<Plan, never>) {
    const underWay = new Set<Promise<void>>();
    while (goesOn) {
      const plan = plans.next().value;
      await pause(plan.think * thinkMs);
      if (plan.waits) await Promise.all(underWay);
      if (underWay.size >= window) await Promise.race(underWay);
      await client.live();
      if (!goesOn) break;
      begun++;
      const work: Promise<void> = operate(world, client, plan)
        .catch(fail)
        .then(() => void underWay.delete(work));
      underWay.add(work);
    }
    await Promise.all(underWay);
  }

  const acting = world.clients.map((client, i) =>
    one(client, plansOf(random.fork(i))).catch(fail)
  );
  return {
    get begun() {
      return begun;
    },
    during: (work) => Promise.race([work, failure.promise]),
    async end() {
      goesOn = false;
      await Promise.race([Promise.all(acting), failure.promise]);
    },
  };
}
