// The floor: the least that a Deno service can do to store a message before it says so. It writes
// what gathered while the batches before were in flight with one insert, then relays and replies. No
// accounts, no rights, no numbering, no encryption: what Parley takes beyond this is what those cost.
import postgres from "postgres";

interface Sent {
  from: WebSocket;
  chatId: string;
  messageId: string;
  text: string;
}

/** With a second batch on its way, the database works while this process relays the first. */
const batchesInFlight = 2;
const batchRows = 500;

const database = postgres(Deno.env.get("DATABASE_URL")!, {
  max: batchesInFlight,
  onnotice: () => {},
});
await database`create table if not exists messages (
  message_id uuid primary key,
  chat_id uuid not null,
  text text not null,
  created_at timestamptz not null
)`;

const rooms = new Map<string, Set<WebSocket>>();
const waiting: Sent[] = [];
let inFlight = 0;

async function store(batch: readonly Sent[]): Promise<void> {
  const createdAt = new Date().toISOString();
  await database`insert into messages
    select id, chat, text, ${createdAt}::timestamptz from unnest(
      ${batch.map((sent) => sent.messageId)}::uuid[],
      ${batch.map((sent) => sent.chatId)}::uuid[],
      ${batch.map((sent) => sent.text)}::text[]
    ) as row (id, chat, text)`;
  for (const { from, chatId, messageId, text } of batch) {
    const event = JSON.stringify(
      { type: "message", chatId, messageId, text, createdAt },
    );
    for (const socket of rooms.get(chatId) ?? []) {
      if (socket !== from && socket.readyState === WebSocket.OPEN) {
        socket.send(event);
      }
    }
    if (from.readyState === WebSocket.OPEN) {
      from.send(
        JSON.stringify({ type: "reply", ok: true, messageId, createdAt }),
      );
    }
  }
}

async function flush(): Promise<void> {
  while (waiting.length > 0 && inFlight < batchesInFlight) {
    const batch = waiting.splice(0, batchRows);
    inFlight++;
    try {
      await store(batch);
    } catch (error) {
      console.error(error);
      for (const { from, messageId } of batch) {
        if (from.readyState === WebSocket.OPEN) {
          from.send(JSON.stringify({ type: "reply", ok: false, messageId }));
        }
      }
    } finally {
      inFlight--;
    }
  }
}

function connect(request: Request): Response {
  const chatId = new URL(request.url).searchParams.get("chat");
  if (chatId === null) return new Response("ready");
  const { socket, response } = Deno.upgradeWebSocket(request);
  const room = rooms.get(chatId) ?? new Set();
  rooms.set(chatId, room.add(socket));
  socket.onmessage = ({ data }) => {
    waiting.push({ from: socket, ...JSON.parse(data) });
    if (waiting.length === 1) queueMicrotask(() => void flush());
  };
  socket.onclose = () => room.delete(socket);
  return response;
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(JSON.stringify({ port })),
}, connect);

// Whoever started this process holds its input: when that ends, so does this.
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit();
