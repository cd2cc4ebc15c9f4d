import type { Event } from "../../../src/protocol/events.ts";

/** Event types that take their chat to the next rev. */
const counted: ReadonlySet<Event["type"]> = new Set<Event["type"]>([
  "message.created",
  "message.updated",
  "member.joined",
  "member.updated",
  "member.left",
  "chat.updated",
]);

/** Promise 3: whoever hears of a rev hears the same of it, on every isolate. */
export class Witness {
  /** By chat, what each rev was said to be. */
  readonly #said = new Map<string, Map<number, string>>();
  /** What was said differently, as sentences. */
  readonly contradictions: string[] = [];
  heardEvents = 0;

  heard(event: Event): void {
    this.heardEvents++;
    if (!counted.has(event.type)) return;
    const { chatId, rev } = event as { chatId: string; rev: number };
    const said = this.#said.get(chatId) ?? new Map<number, string>();
    this.#said.set(chatId, said);
    const text = JSON.stringify(event);
    const before = said.get(rev);
    if (before === undefined) said.set(rev, text);
    else if (before !== text) {
      this.contradictions.push(`rev ${rev} was both ${before} and ${text}`);
    }
  }

  /** Whether anybody heard of it. */
  has(chatId: string, rev: number): boolean {
    return this.#said.get(chatId)?.has(rev) ?? false;
  }

  forget(chatId: string): void {
    this.#said.delete(chatId);
  }
}
