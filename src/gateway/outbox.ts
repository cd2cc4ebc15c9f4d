import { closeCodes } from "../protocol/frames.ts";

/** Bytes a socket may have unsent before it counts as a slow consumer. */
export const outboxBytes = 1024 * 1024;

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
  limit = outboxBytes,
): boolean {
  if (socket.readyState !== WebSocket.OPEN) return false;
  if (socket.bufferedAmount > limit) {
    socket.close(closeCodes.slowConsumer, "Too slow");
    return false;
  }
  socket.send(frame);
  return true;
}
