import type { Session } from "../../../src/protocol/accounts.ts";
import type { Event } from "../../../src/protocol/events.ts";
import { call, password } from "../../support/peer.ts";
import type { ChaosChat } from "./chat.ts";
import { type Account, Client, type Manners } from "./client.ts";
import { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import { Silence, type SilenceParts } from "./silence.ts";
import { Witness } from "./witness.ts";

const people = 48;
/** Of them, those who use two devices at once. */
const withTwo = 12;

type Ear = (client: Client, event: Event) => void;

export interface WorldParts {
  readonly urls: readonly string[];
  readonly random: Random;
  readonly manners: Manners;
  readonly silence: SilenceParts;
}

/** The people, their clients and chats, and all that is known about what they did. */
export class World implements AsyncDisposable {
  readonly clients: readonly Client[];
  readonly ledger = new Ledger();
  readonly witness = new Witness();
  readonly silence: Silence;
  readonly counts = new Map<string, number>();
  /** What the service answered that it should never answer. */
  readonly faults: string[] = [];
  readonly #ears = new Set<Ear>();
  /** Those that are acted in at present. */
  chats: readonly ChaosChat[] = [];

  private constructor(parts: WorldParts, sessions: readonly Session[]) {
    this.silence = new Silence(parts.silence);
    this.clients = sessions.map((session, i) =>
      new Client({
        name: `${session.user.username}${i < people ? "" : "'s tablet"}`,
        account: session.user,
        session,
        urls: parts.urls,
        random: parts.random.fork(`client ${i}`),
        manners: parts.manners,
        onEvent: (client, event) => {
          this.witness.heard(event);
          this.silence.heard(client, event);
          this.#ears.forEach((ear) => ear(client, event));
        },
        count: (what) => this.count(what),
      })
    );
  }

  /** Signs everybody up. */
  static async make(parts: WorldParts): Promise<World> {
    const { urls } = parts;
    const signIn = async (path: string, i: number, body: object) => {
      const url = urls[i % urls.length]!;
      const made = await call<Session>(url, "POST", path, {
        body: { ...body, password },
      });
      if (made.status >= 300) throw new Error(JSON.stringify(made.body));
      return made.body;
    };
    const firsts = await Promise.all(
      Array.from(
        { length: people },
        (_, i) => signIn("/auth/register", i, { username: `person${i}` }),
      ),
    );
    const seconds = await Promise.all(
      firsts.slice(0, withTwo).map(({ user }, i) =>
        signIn("/auth/login", i + 1, { login: user.username })
      ),
    );
    return new World(parts, [...firsts, ...seconds]);
  }

  get people(): readonly Account[] {
    return this.clients.slice(0, people).map(({ account }) => account);
  }

  chatsOf({ userId }: Account): readonly ChaosChat[] {
    return this.chats.filter(({ cast }) =>
      cast.some((one) => one.userId === userId)
    );
  }

  clientsOf(userId: string): readonly Client[] {
    return this.clients.filter(({ account }) => account.userId === userId);
  }

  /** Calls it with all that any client hears, until it is disposed. */
  listen(ear: Ear): Disposable {
    this.#ears.add(ear);
    return { [Symbol.dispose]: () => void this.#ears.delete(ear) };
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  faulted(what: string): void {
    this.faults.push(what);
  }

  /** All that was found wrong while it happened, as sentences. */
  wrongs(): string[] {
    const strays = this.clients.flatMap(({ name, follower }) =>
      follower.strays.map((event) =>
        `${name} heard of a chat that it is not in: ${JSON.stringify(event)}`
      )
    );
    const { witness, silence, faults } = this;
    return [
      ...witness.contradictions,
      ...silence.violations,
      ...strays,
      ...faults,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.clients.map((client) => client.stop()));
  }
}
