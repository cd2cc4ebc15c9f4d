import { subprotocol } from "../../../src/protocol/frames.ts";
import type { Person } from "../systems/system.ts";

/** Times of one connection that became live, in milliseconds. */
export interface Arrival {
  readonly openedAt: number;
  readonly liveAt: number;
}

/** One person's client: connects with its cursor, and keeps what is not acknowledged to send it again. */
export class Member {
  #cursor: string | undefined;
  #socket: WebSocket | undefined;
  #live = false;
  readonly #unanswered = new Map<string, string>();

  constructor(
    private readonly token: Person,
    private readonly onAnswer: (messageId: string, ok: boolean) => void,
  ) {}

  /** Rejects when the connection is closed before hello is answered. */
  connect(host: string): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://${host}/api/v1/ws`, subprotocol);
      this.#socket = socket;
      let openedAt = 0;
      socket.onopen = () => {
        openedAt = performance.now();
        const { token } = this;
        socket.send(JSON.stringify({
          type: "hello",
          id: "hello",
          token,
          ...(this.#cursor && { cursor: this.#cursor }),
        }));
      };
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type !== "reply") return;
        if (frame.id !== "hello") return this.#answered(frame.id, frame.ok);
        if (!frame.ok) return reject(new Error(frame.error.code));
        this.#cursor = frame.data.cursor;
        this.#live = true;
        for (const again of this.#unanswered.values()) socket.send(again);
        resolve({ openedAt, liveAt: performance.now() });
      };
      socket.onclose = ({ code, reason }) => {
        if (this.#socket === socket) this.#live = false;
        reject(new Error(`${code} ${reason}`.trim()));
      };
      socket.onerror = () => {};
    });
  }

  /** Resolves once the connection is closed. */
  disconnect(): Promise<void> {
    const socket = this.#socket!;
    return new Promise((resolve) => {
      socket.addEventListener("close", () => resolve());
      socket.close();
    });
  }

  send(chatId: string, messageId: string, text: string): void {
    const frame = JSON.stringify({
      type: "send",
      id: messageId,
      chatId,
      messageId,
      content: { type: "text", text },
    });
    this.#unanswered.set(messageId, frame);
    if (this.#live) this.#socket!.send(frame);
  }

  get isLive(): boolean {
    return this.#live;
  }

  #answered(messageId: string, ok: boolean): void {
    if (this.#unanswered.delete(messageId)) this.onAnswer(messageId, ok);
  }
}
