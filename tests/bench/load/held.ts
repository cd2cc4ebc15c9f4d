import type { World } from "../systems/system.ts";
import type { Adapter } from "./adapter.ts";

const atOnce = 50;

/** Connections of everybody in turn, which say hello and then nothing. */
export class Held {
  #count = 0;
  #lost: string | undefined;

  constructor(
    private readonly adapter: Adapter,
    private readonly host: string,
    private readonly world: World,
  ) {}

  async hold(connections: number): Promise<null> {
    while (this.#count < connections) {
      const from = this.#count;
      this.#count = Math.min(from + atOnce, connections);
      await Promise.all(
        Array.from(
          { length: this.#count - from },
          (_, i) => this.#connect(from + i),
        ),
      );
    }
    if (this.#lost !== undefined) throw new Error(this.#lost);
    return null;
  }

  async #connect(i: number): Promise<void> {
    const { pairs } = this.world;
    const { chatId, sender, receiver } = pairs[i % pairs.length]!;
    const person = Math.floor(i / pairs.length) % 2 === 0 ? sender : receiver;
    await this.adapter.connect(this.host, person, chatId, {
      acknowledged() {},
      received() {},
      lost: (reason) => this.#lost = reason,
    });
  }
}
