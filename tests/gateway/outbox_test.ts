import assert from "node:assert/strict";
import { sendOrClose, type Socket } from "../../src/gateway/outbox.ts";

function socketWith(bufferedAmount: number, readyState: number) {
  const sent: unknown[] = [];
  const closed: unknown[] = [];
  const socket: Socket = {
    readyState: readyState as Socket["readyState"],
    bufferedAmount,
    send: (data) => void sent.push(data),
    close: (...how) => void closed.push(how),
  };
  return { socket, sent, closed };
}

Deno.test("a socket within its bounds is sent the frame", () => {
  const { socket, sent, closed } = socketWith(100, WebSocket.OPEN);
  assert.equal(sendOrClose(socket, "frame", 100), true);
  assert.deepEqual([sent, closed], [["frame"], []]);
});

Deno.test("a socket that owes more than the limit is closed as a slow consumer", () => {
  const { socket, sent, closed } = socketWith(101, WebSocket.OPEN);
  assert.equal(sendOrClose(socket, "frame", 100), false);
  assert.deepEqual([sent, closed], [[], [[4008, "Too slow"]]]);
});

Deno.test("a socket that is closing is left alone", () => {
  const { socket, sent, closed } = socketWith(101, WebSocket.CLOSING);
  assert.equal(sendOrClose(socket, "frame", 100), false);
  assert.deepEqual([sent, closed], [[], []]);
});
