import assert from "node:assert/strict";
import type { Chat, Member, Receipt } from "../../src/protocol/chats.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/protocol/messages.ts";
import type { Changes } from "../../src/protocol/sync.ts";
import type { Person } from "./peer.ts";

/** A chat as one member sees it, put together from nothing. */
export interface ChatPicture {
  rev: number;
  chat: Chat | null;
  /** By `seq`. */
  readonly messages: Map<number, Message>;
  /** Those who left included. */
  readonly members: Map<UserId, Member>;
  readonly receipts: Map<UserId, Receipt>;
}

export const emptyPicture = (): ChatPicture => ({
  rev: 0,
  chat: null,
  messages: new Map(),
  members: new Map(),
  receipts: new Map(),
});

/** Adds a page of changes; a page that was there before changes nothing. */
export function addPage(picture: ChatPicture, page: Changes): void {
  for (const message of page.messages) {
    const known = picture.messages.get(message.seq);
    if (!known || known.rev <= message.rev) {
      picture.messages.set(message.seq, message);
    }
  }
  for (const member of page.members) {
    const known = picture.members.get(member.userId);
    if (!known || known.rev <= member.rev) {
      picture.members.set(member.userId, member);
    }
  }
  for (const receipt of page.receipts) moveReceipt(picture, receipt);
  if (page.to > picture.rev) {
    picture.chat = page.chat ?? picture.chat;
    picture.rev = page.to;
  }
}

/** Cursors only move forward. */
export function moveReceipt(picture: ChatPicture, receipt: Receipt): void {
  const known = picture.receipts.get(receipt.userId);
  picture.receipts.set(receipt.userId, {
    userId: receipt.userId,
    deliveredSeq: Math.max(receipt.deliveredSeq, known?.deliveredSeq ?? 0),
    readSeq: Math.max(receipt.readSeq, known?.readSeq ?? 0),
  });
}

/** Reads everything of a chat over HTTP, in pages from `rev` 0. */
export async function freshRead(
  person: Pick<Person, "call">,
  chatId: string,
): Promise<ChatPicture> {
  const picture = emptyPicture();
  for (;;) {
    const { status, body } = await person.call<Changes>(
      "GET",
      `/chats/${chatId}/changes?since=${picture.rev}&limit=100`,
    );
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.from, picture.rev);
    addPage(picture, body);
    if (!body.hasMore) return picture;
    assert.ok(body.to > body.from, "a page that is not the last one moves on");
  }
}

/** The messages in order of `seq`; fails where one is missing between 1 and the last. */
export function gapless(picture: ChatPicture): Message[] {
  const messages = [...picture.messages.values()]
    .sort((a, b) => a.seq - b.seq);
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    messages.map((_, i) => i + 1),
  );
  return messages;
}
