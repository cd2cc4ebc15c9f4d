/** Promise 7: those who do not read what they are sent cost nobody anything, themselves included. */
import assert from "node:assert/strict";
import { opcodes, type RawSocket, rawSocket } from "../gateway/raw_socket.ts";
import { startConversation } from "../hostile/bystanders.ts";
import { memoryOf, watched } from "../hostile/memory.ts";
import { Follower } from "../support/follower.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { say } from "../support/say.ts";
import { serviceData, startService } from "../support/service.ts";
import { TextLineStream } from "../support/text_lines.ts";

/** The largest text there is; so many of them are more than the kernel and the service keep for one client. */
const text = "語".repeat(16_000);
const messages = 400;
const deafOnes = 10;
/** What a second flood may leave behind beside the first, in MB: far below what the clients were owed. */
const leftover = { heap: 5, rss: 50 };

/** Says hello and never reads. */
async function deafClient(url: string, person: Person): Promise<RawSocket> {
  const socket = await rawSocket(url);
  const { accessToken: token } = person.session;
  const hello = JSON.stringify({ type: "hello", id: 1, token });
  await socket.send(opcodes.text, hello);
  // The answer, which shows that it listens.
  await socket.next();
  return socket;
}

/** Reads what is left, and answers with the close code at its end. */
async function closeCode(socket: RawSocket): Promise<number | undefined> {
  let code: number | undefined;
  for (let frame; (frame = await socket.next());) {
    if (frame.opcode !== opcodes.close) continue;
    code = frame.payload[0]! * 256 + frame.payload[1]!;
    break;
  }
  return code;
}

/** A client in a process of its own. */
async function clientProcess(url: string, { session }: Person) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "tests/promises/stopped_client.ts"],
      ...[url, session.accessToken],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream()).getReader();
  assert.equal((await lines.read()).value, "connected");
  return {
    kill: (signal: Deno.Signal) => child.kill(signal),
    said: async () => (await lines.read()).value,
    async [Symbol.asyncDispose]() {
      await lines.cancel();
      await child.status;
    },
  };
}

Deno.test(
  "who does not read is let go with 4008, the others talk on, and the memory comes back",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using data = await serviceData();
    await using service = await startService(data, {}, watched);
    const { url } = service;
    const [ann, slow, ...pair] = await Promise.all(
      Array.from({ length: 4 }, () => newPerson(url)),
    );
    const chatId = await groupOf(ann!, slow!);
    await using talkers = await startConversation(
      await directChat(pair[0]!, pair[1]!),
      [pair[0]!, pair[1]!],
    );
    const listener = new Follower(ann!);
    await listener.connect();
    const { line } = listener;
    /** Sends the group more than anybody can owe, while these do not read. Answers with the last rev. */
    async function flood(deaf: readonly RawSocket[]): Promise<number> {
      await using stopped = await clientProcess(url, slow!);
      stopped.kill("SIGSTOP");
      let last = 0;
      for (let sent = 0; sent < messages; sent += 20) {
        const replies = await Promise.all(
          Array.from({ length: 20 }, () => say(line, chatId, text)),
        );
        last = Math.max(last, ...replies.map(({ rev }) => rev));
      }
      await listener.caughtUp(chatId, last);
      const codes = await Promise.all(deaf.map(closeCode));
      assert.deepEqual(codes, deaf.map(() => 4008));
      stopped.kill("SIGCONT");
      assert.equal(await stopped.said(), "closed 4008");
      deaf.forEach((socket) => socket[Symbol.dispose]());
      return last;
    }

    const deaf = () =>
      Promise.all(
        Array.from({ length: deafOnes }, () => deafClient(url, slow!)),
      );
    // The first flood also makes what the process keeps for the next one.
    await flood(await deaf());
    const before = await memoryOf(service);
    const last = await flood(await deaf());
    const after = await memoryOf(service);
    assert.ok(
      after.heap - before.heap < leftover.heap &&
        after.rss - before.rss < leftover.rss,
      JSON.stringify({ before, after }),
    );

    // Nothing is lost to them: they come back and go on by rev.
    const again = new Follower(slow!);
    await again.connect();
    await again.caughtUp(chatId, last);
    const { messages: caughtUp } = again.chats.get(chatId)!.picture;
    // The making of the group is told in it too.
    assert.equal(caughtUp.size, 2 * messages + 1);
    await Promise.all([again.disconnect(), listener.disconnect()]);
    await talkers.end();
  },
);
