import { closeCodes, subprotocol } from "../../protocol/frames.ts";
import { limits } from "../../protocol/limits.ts";

const seconds = (ms: number) => `${ms / 1000} s`;

/** How a client uses the connection, as Markdown: paragraphs and code alone. */
export const connecting = `
Open \`GET /api/v1/ws\` with the subprotocol \`${subprotocol}\`. Each frame is text with one JSON object in it, of at most ${limits.frameBytes} bytes towards the service.

The first frame is \`hello\` with an access token, within ${
  seconds(limits.helloMs)
}. From its reply on, the connection receives the events of all the caller's chats and of the account, following the revs in the reply, with nothing between them lost.

Every request carries an \`id\`, a number or a string that the client chooses, and gets exactly one \`reply\` with that \`id\`: with \`ok\` true and \`data\`, or with \`ok\` false and the problem in \`error\`. Replies may come in another order than the requests. Only \`typing\` may go without an \`id\`; then it gets no reply.

Events with a \`rev\` take the chat to it, those with an \`accountRev\` the account. A client that sees a number beyond the next one has missed something and asks for \`changes\`, or for \`/sync\`; it drops an event whose number it has reached already. Every connection of every member gets the events, the one that caused them too.

Bring a fresh token with \`refresh\` before the old one runs out: a connection whose token has run out, or whose device was signed out, is closed.

Answer pings, as WebSocket libraries do by themselves: the service pings a connection that is silent for ${
  seconds(limits.heartbeatMs)
} and closes it when that long passes again without an answer. A connection may send ${limits.frameBurst} frames at once and ${limits.framesPerSecond} a second, and have ${limits.requestsAtOnce} requests under way. All connections of one account together may send ${limits.frameBurstOfAccount} frames at once and ${limits.framesPerSecondOfAccount} a second, and have ${limits.requestsAtOnceOfAccount} requests under way; an account has at most ${limits.connectionsOfAccount} connections, and the one too many is closed with 4429. A connection that does not take what it is sent, ${limits.outboxBytes} bytes of it, is closed: nothing is lost, it resumes by \`rev\`.

After a close, connect again with a growing and random delay, and say \`hello\` with the last \`cursor\`.
`.trim();

const reasons: Record<keyof typeof closeCodes, string> = {
  restart: "The service restarts: connect again after `reconnectInMs`",
  slowConsumer:
    "The client does not take what it is sent; nothing is lost, it resumes by `rev`",
  badFrame:
    "A frame that cannot be read or fits no schema. Where it had an `id`, a reply says why",
  unauthenticated: "The token is missing, expired or revoked",
  timeout: "No hello in time",
  frameTooLarge: "A frame is above the limit",
  flooding:
    "Too many frames, of the connection or of the account, or too many connections of the account",
};

/** What each close code tells the client, those that the runtime gives by itself included. */
export const closeReasons = [
  { code: 1001, reason: "Pings went unanswered" },
  { code: 1011, reason: "Something went wrong on the server" },
  ...Object.entries(closeCodes).map(([name, code]) => ({
    code,
    reason: reasons[name as keyof typeof closeCodes],
  })),
].sort((a, b) => a.code - b.code);
