import type { Role } from "../../../src/protocol/chats.ts";
import { type Answered, perform } from "../model/perform.ts";
import type { Operation } from "../model/operation.ts";
import { wishOf } from "../model/wish.ts";
import type { ChaosChat } from "./chat.ts";
import type { Client } from "./client.ts";
import type { Asked } from "./ledger.ts";
import { pause } from "./pause.ts";
import type { Plan } from "./plan.ts";
import type { World } from "./world.ts";

/** Refusals after which nobody knows whether it happened. */
const uncertain: ReadonlySet<string> = new Set(["unavailable", "internal"]);
/** Refusals that are about the moment, and not about what was asked for. */
const passing: ReadonlySet<string> = new Set([
  ...uncertain,
  "rate_limited",
  "unauthenticated",
  "token_expired",
  "token_revoked",
]);
/** How long a client waits before it sends again, in milliseconds. */
const againMs = 300;

/** Carries out a plan. Never rejects because of what the service does. */
export async function operate(
  world: World,
  client: Client,
  plan: Plan,
): Promise<void> {
  if (plan.kind === "reconnect" || plan.kind === "signOut") {
    world.count(plan.kind);
    if (plan.kind === "reconnect") return client.reconnect();
    return await signOut(world, client, plan);
  }
  const chat = chosen(world, client, plan);
  // Out of all its chats, and waiting to be let in again.
  if (!chat) return world.count("idle");
  if (plan.kind === "typing") {
    world.count(plan.kind);
    return await type(world, client, chat, plan);
  }
  const wish = wished(client, chat, plan);
  world.count(wish.kind);
  const { account } = client;
  const asked = world.ledger.note(chat.chatId, account.userId, wish);
  await ask(world, client, chat, asked);
  const { answered } = asked;
  if (!answered) world.count("unanswered");
  else if ("refused" in answered) world.count(`refused: ${answered.refused}`);
}

/** One of the client's chats, mostly one that it is in now. */
function chosen(
  world: World,
  { account, follower }: Client,
  { chat, other }: Plan,
): ChaosChat | undefined {
  const mine = world.chatsOf(account);
  const present = mine.filter(({ chatId }) => follower.chats.has(chatId));
  const from = other % 16 > 0 ? present : mine;
  return from[chat % from.length];
}

/** The plan among the people and messages there are. The first of the cast stays, and sees all. */
function wished(
  { account, follower }: Client,
  { chatId, cast, messageIds }: ChaosChat,
  plan: Plan,
): Operation {
  const actor = cast.findIndex(({ userId }) => userId === account.userId);
  const picture = follower.chats.get(chatId)?.picture;
  const role = picture?.members.get(account.userId)?.role ?? "member";
  const wish = wishOf(
    {
      ...plan,
      ...sensible(plan, actor, cast.length === 2 ? "direct" : role),
      actor,
      person: plan.person % cast.length,
      other: plan.other % cast.length,
    },
    cast,
    messageIds,
    lastSeqOf(picture?.messages.keys() ?? []),
  );
  const isDemotion = wish.kind === "setRole" && wish.role === "member" &&
    wish.userId === cast[0]!.userId;
  return isDemotion ? { ...wish, role: "admin" } : wish;
}

/** Mostly what one may do: refusals are worth a try, and no more. `active` means oneself for `remove`. */
function sensible(
  { kind, active, other }: Plan,
  actor: number,
  role: Role | "direct",
): { kind: Operation["kind"]; active: boolean } {
  const wish = { kind: kind as Operation["kind"], active };
  if (role === "direct" && kind === "remove") return { ...wish, kind: "send" };
  if (actor === 0 && kind === "hide") return { ...wish, kind: "read" };
  const isOwners = kind === "setRole";
  const isAdmins = isOwners ||
    ["add", "remove", "ban", "unban", "rename", "pin"].includes(kind);
  const may = role === "owner" || (role === "admin" && !isOwners);
  if (!isAdmins || may || other % 8 === 0) return wish;
  return kind === "remove"
    ? { ...wish, active: true }
    : { ...wish, kind: "send" };
}

function lastSeqOf(seqs: Iterable<number>): number {
  let last = 0;
  for (const seq of seqs) if (seq > last) last = seq;
  return last;
}

async function ask(
  world: World,
  client: Client,
  chat: ChaosChat,
  asked: Asked,
): Promise<void> {
  const { wish } = asked;
  if (wish.kind === "send") return await send(world, client, chat, asked);
  const { silence } = world;
  const adds = wish.kind === "add"
    ? wish.userIds.map((userId) => silence.adding(chat.chatId, userId))
    : [];
  const removed = wish.kind === "remove" || wish.kind === "ban"
    ? silence.removing(chat.chatId, wish.userId, client.at)
    : undefined;
  const isDone = await once(world, client, chat, asked);
  adds.forEach((end) => end(!asked.isUncertain));
  if (removed && "userId" in wish && isDone) {
    removed(world.clientsOf(wish.userId));
  }
}

/** Again and again with the same id, over whichever connection there is, until the answer is final. */
async function send(
  world: World,
  client: Client,
  chat: ChaosChat,
  asked: Asked,
): Promise<void> {
  for (;;) {
    await client.live();
    await once(world, client, chat, asked);
    const { answered } = asked;
    const isRefused = answered && "refused" in answered;
    if (answered && !(isRefused && passing.has(answered.refused))) {
      return isRefused ? forget(chat, asked) : undefined;
    }
    world.count("sent again");
    await pause(againMs);
  }
}

/** Nobody acts on what does not exist, but for a while. */
function forget({ messageIds }: ChaosChat, { wish, isUncertain }: Asked) {
  if (wish.kind !== "send" || isUncertain) return;
  const i = messageIds.indexOf(wish.messageId);
  if (i >= 0) messageIds.splice(i, 1);
}

/** Asks once. Answers whether it was granted. */
async function once(
  world: World,
  { follower }: Client,
  { chatId }: ChaosChat,
  asked: Asked,
): Promise<boolean> {
  let answered: Answered | undefined;
  try {
    answered = await perform(follower, chatId, asked.wish);
  } catch {
    // No answer, or the connection went first.
  }
  asked.answered = answered;
  if (!answered) asked.isUncertain = true;
  else if ("refused" in answered) {
    if (uncertain.has(answered.refused)) asked.isUncertain = true;
    if (answered.refused === "internal") {
      world.faulted(`'internal' for ${JSON.stringify(asked.wish)}`);
    }
  } else return true;
  return false;
}

async function type(
  world: World,
  { follower }: Client,
  { chatId }: ChaosChat,
  { active }: Plan,
): Promise<void> {
  await follower.line.ask({ type: "typing", chatId, active })
    .catch(() => world.count("unanswered"));
}

/** Another device of the same person; without one, the client changes its network instead. */
async function signOut(
  world: World,
  client: Client,
  { person }: Plan,
): Promise<void> {
  const others = world.clientsOf(client.account.userId)
    .filter((other) => other !== client);
  const other = others[person % others.length];
  if (!other) return client.reconnect();
  const { deviceId } = other;
  const { at, follower } = client;
  const answer = await follower.person.call(
    "DELETE",
    `/me/devices/${deviceId}`,
  ).catch(() => undefined);
  if (answer?.status === 204) world.silence.signedOut(other, deviceId, at);
}
