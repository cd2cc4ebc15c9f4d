import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { Line, Person } from "../support/peer.ts";

/** Two people who talk, one answering the other, whatever goes on around them. */
export interface Conversation extends AsyncDisposable {
  /** Lets them finish, and fails where anything of what they said was not heard. */
  end(): Promise<{ messages: number; p99Ms: number; slowestMs: number }>;
}

/** How long one message may take to the other's screen before they call it disturbed, in milliseconds. */
const patienceMs = 10_000;

export async function startConversation(
  chatId: ChatId,
  people: readonly [Person, Person],
): Promise<Conversation> {
  const lines = await Promise.all(people.map((person) => person.connect()));
  let isOver = false;
  let messages = 0;
  const times: number[] = [];

  async function say(speaker: Line, listener: Line) {
    const messageId = crypto.randomUUID();
    const content = { type: "text", text: `This is number ${messages + 1}` };
    const at = performance.now();
    const heard = listener.heard(
      "message.created",
      ({ message }) => message.messageId === messageId,
    );
    heard.catch(() => {});
    const frame = { type: "send", chatId, messageId, content };
    const reply = await inTime(speaker.ask(frame));
    assert.ok(reply.ok, JSON.stringify(reply));
    const { message } = await inTime(heard);
    assert.deepEqual(message.content, content);
    assert.equal(message.seq, ++messages);
    times.push(Math.round(performance.now() - at));
  }

  const talk = (async () => {
    const [ann, bob] = lines as [Line, Line];
    while (!isOver) {
      await say(ann, bob);
      await say(bob, ann);
      // They think before they answer.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  // Told by `end`.
  talk.catch(() => {});

  return {
    async end() {
      isOver = true;
      await talk;
      for (const line of lines) {
        const seqs = line.events.flatMap((event) =>
          event.type === "message.created" && event.chatId === chatId
            ? [event.message.seq]
            : []
        );
        assert.deepEqual(
          seqs,
          Array.from({ length: messages }, (_, i) => i + 1),
        );
      }
      times.sort((a, b) => a - b);
      const p99Ms = times[Math.floor(times.length * 0.99)]!;
      return { messages, p99Ms, slowestMs: times.at(-1)! };
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.allSettled([talk]);
      await Promise.all(lines.map((line) => line[Symbol.asyncDispose]()));
    },
  };
}

function inTime<T>(work: Promise<T>): Promise<T> {
  let late: ReturnType<typeof setTimeout>;
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      late = setTimeout(
        () => reject(new Error(`Disturbed: nothing within ${patienceMs} ms`)),
        patienceMs,
      );
    }),
  ]).finally(() => clearTimeout(late));
}
