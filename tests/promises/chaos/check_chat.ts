import type { Receipt } from "../../../src/protocol/chats.ts";
import type { UserId } from "../../../src/protocol/ids.ts";
import type { Message } from "../../../src/protocol/messages.ts";
import type { ChatItem } from "../../../src/protocol/sync.ts";
import type { ChatPicture } from "../../support/fresh_read.ts";
import { Broken } from "./broken.ts";
import type { ChaosChat } from "./chat.ts";
import type { Asked } from "./ledger.ts";
import { isGranted, isPossible, messageFault } from "./message_fault.ts";
import type { World } from "./world.ts";

/** What a chat was found to hold. */
export interface ChatCounts {
  readonly messages: number;
  readonly revs: number;
  /** Revs of which nobody heard an event. */
  readonly unheard: number;
  /** Operations that were granted. */
  readonly acknowledged: number;
}

/**
 * Fails unless the chat holds what was acknowledged, where it was acknowledged, and nothing twice:
 * promises 1, 2 and 3. `fresh` and `item` are what its first person reads, who was in it throughout.
 */
export function checkChat(
  world: Pick<World, "ledger" | "witness">,
  chat: ChaosChat,
  fresh: ChatPicture,
  item: Pick<ChatItem, "rev" | "lastSeq">,
): ChatCounts {
  const { chatId, name } = chat;
  const fail = (what: string): never => {
    throw new Broken(`${name} (${chatId}): ${what}`);
  };
  const messages = [...fresh.messages.values()].sort((a, b) => a.seq - b.seq);
  messages.forEach(({ seq }, i) => {
    if (seq !== i + 1) fail(`seq ${i + 1} is missing, before seq ${seq}`);
  });
  if (messages.length !== item.lastSeq || fresh.rev !== item.rev) {
    fail(
      `it counts ${item.lastSeq} messages and ${item.rev} changes, and has ${messages.length} and ${fresh.rev}`,
    );
  }
  const byId = new Map<string, Message>();
  for (const message of messages) {
    const other = byId.get(message.messageId);
    if (other) {
      fail(
        `message ${message.messageId} stands at ${other.seq} and ${message.seq}`,
      );
    }
    byId.set(message.messageId, message);
  }

  const asked = world.ledger.of(chatId);
  const about = Map.groupBy(
    asked.filter(({ wish }) => "messageId" in wish),
    ({ wish }) => (wish as { messageId: string }).messageId,
  );
  for (const messageId of new Set([...byId.keys(), ...about.keys()])) {
    // What the service told of the group was sent by nobody.
    if (byId.get(messageId)?.content?.type === "system") continue;
    const fault = messageFault(byId.get(messageId), about.get(messageId) ?? []);
    if (fault) fail(`message ${messageId} ${fault}`);
  }
  for (const { by, wish, answered } of asked) {
    if (wish.kind !== "read" || !answered || "refused" in answered) continue;
    const receipt = new Map<string, Receipt>(fresh.receipts).get(by);
    if (receipt && receipt.readSeq < wish.seq) {
      fail(`${by} has read up to ${wish.seq}, and it says ${receipt.readSeq}`);
    }
  }

  for (const userId of bannedBy(asked)) {
    const member = fresh.members.get(userId);
    if (member?.leftAt === null) fail(`${userId} is banned, and is in it`);
  }

  const gaps = unwitnessed(world, chat, fresh, asked);
  const possible = asked.reduce((sum, one) => sum + revsUntold(one), 0);
  if (gaps.silent.length > possible) {
    fail(
      `nobody knows of rev ${
        gaps.silent[0]
      }: ${gaps.silent.length} such revs, and ${possible} changes that were not told`,
    );
  }
  return {
    messages: messages.length,
    revs: fresh.rev - chat.startRev,
    unheard: gaps.unheard,
    acknowledged:
      asked.filter(({ answered }) =>
        answered !== undefined && !("refused" in answered)
      ).length,
  };
}

/** Those who were banned, and whom nobody can have let in again. */
function bannedBy(asked: readonly Asked[]): Set<UserId> {
  const named = (kind: "ban" | "unban", is: (one: Asked) => boolean) =>
    new Set(
      asked.flatMap((one) =>
        one.wish.kind === kind && is(one) ? [one.wish.userId as UserId] : []
      ),
    );
  return named("ban", isGranted).difference(named("unban", isPossible));
}

/** Revs that no event, answer or row tells of. */
function unwitnessed(
  { witness }: Pick<World, "witness">,
  { chatId, startRev }: ChaosChat,
  { rev: last, messages, members }: ChatPicture,
  asked: readonly Asked[],
): { unheard: number; silent: number[] } {
  const told = new Set([
    ...[...messages.values(), ...members.values()].map(({ rev }) => rev),
    ...asked.flatMap(({ answered }) =>
      answered && "rev" in answered ? [answered.rev] : []
    ),
  ]);
  const unheard = Array.from(
    { length: last - startRev },
    (_, i) => startRev + i + 1,
  ).filter((rev) => !witness.has(chatId, rev));
  return {
    unheard: unheard.length,
    silent: unheard.filter((rev) => !told.has(rev)),
  };
}

/** How many revs an operation may have taken without saying which. */
function revsUntold({ wish, answered, isUncertain }: Asked): number {
  // Sent again, it is answered with the rev that the message has by then.
  const isToldLater = answered && "duplicate" in answered &&
    answered.duplicate && isUncertain;
  if (isToldLater) return 1;
  if (answered && "rev" in answered) return 0;
  if (answered && "refused" in answered && !isUncertain) {
    // A new title is answered with the chat as it stands after, which somebody removed since gets not.
    return wish.kind === "rename" ? 1 : 0;
  }
  switch (wish.kind) {
    case "add":
      return new Set(wish.userIds).size;
    case "remove":
    case "setRole":
      return 2;
    case "read":
    case "hide":
    case "unban":
      return 0;
    default:
      return 1;
  }
}
