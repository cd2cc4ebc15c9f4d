import { closeCodes } from "../protocol/frames.ts";
import { limits } from "../protocol/limits.ts";

/** What of a WebSocket the gateway uses. */
export type Socket = Pick<
  WebSocket,
  "send" | "close" | "readyState" | "bufferedAmount"
>;

/**
 * Sends a frame, or closes a socket that does not take what it is sent: memory is bounded by what one
 * consumer may owe, and nothing is lost, since it resumes by `rev`. Answers whether it was sent.
 */
export function sendOrClose(
  socket: Socket,
  frame: string,
  limit: number = limits.outboxBytes,
): boolean {
  if (socket.readyState !== WebSocket.OPEN) return false;
  if (socket.bufferedAmount > limit) {
    socket.close(closeCodes.slowConsumer, "Too slow");
    return false;
  }
  socket.send(frame);
  return true;
}
