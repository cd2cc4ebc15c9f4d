// What people use: Express, Socket.IO and pg, one insert a message. Plain JavaScript, so that any
// Node can run it. It does what a careful first version does (pooled and named statements, WebSocket
// transport alone, the sender answered after the insert), and has no accounts, rights or encryption.
import { createServer } from "node:http";
import process from "node:process";
import express from "express";
import pg from "pg";
import { Server } from "socket.io";

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.POOL_SIZE),
});
await pool.query(`create table if not exists messages (
  id bigint generated always as identity primary key,
  message_id uuid not null unique,
  chat_id uuid not null,
  text text not null,
  created_at timestamptz not null default now()
)`);
await pool.query(
  "create index if not exists messages_history on messages (chat_id, id desc)",
);

const insert = {
  name: "insert",
  text: `insert into messages (message_id, chat_id, text) values ($1, $2, $3)
    returning id, created_at`,
};
const latest = {
  name: "latest",
  text: `select id, message_id, chat_id, text, created_at from messages
    where chat_id = $1 order by id desc limit $2`,
};

const app = express();
app.disable("x-powered-by");
app.get("/chats/:chatId/messages", async (request, response) => {
  const limit = Math.min(Number(request.query.limit ?? 50), 100);
  const { rows } = await pool.query({
    ...latest,
    values: [request.params.chatId, limit],
  });
  response.json({ items: rows.reverse() });
});

const server = createServer(app);
const io = new Server(server, {
  transports: ["websocket"],
  serveClient: false,
});
io.on("connection", (socket) => {
  socket.join(socket.handshake.query.chat);
  socket.on("send", async ({ chatId, messageId, text }, acknowledge) => {
    try {
      const { rows } = await pool.query({
        ...insert,
        values: [messageId, chatId, text],
      });
      const { id, created_at: createdAt } = rows[0];
      socket.to(chatId).emit("message", {
        id,
        chatId,
        messageId,
        text,
        createdAt,
      });
      acknowledge({ ok: true, messageId, id, createdAt });
    } catch (error) {
      console.error(error);
      acknowledge({ ok: false, messageId });
    }
  });
});

server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
// Whoever started this process holds its input: when that ends, so does this.
process.stdin.resume().on("end", () => process.exit());
