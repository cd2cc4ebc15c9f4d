import type { Chat, Member, Receipt } from "../../src/protocol/chats.ts";
import { noPreferences } from "../../src/protocol/preferences.ts";
import type { Event } from "../../src/protocol/events.ts";
import type { ChatId, MessageId, UserId } from "../../src/protocol/ids.ts";
import type {
  BroadcastMessage,
  History,
  Message,
} from "../../src/protocol/messages.ts";
import type { Changes, ChatHead, ChatItem } from "../../src/protocol/sync.ts";

const at = new Date(1_700_000_000_000).toISOString();

interface Stored {
  message: BroadcastMessage;
  /** Who chose which emoji, in the order of first use. */
  readonly reactions: Map<string, Set<UserId>>;
}

/** One chat as the service has it, in memory: the judge of what a client must end up with. */
export class ModelChat {
  rev = 0;
  epoch = "one";
  readonly messages: Stored[] = [];
  readonly members = new Map<UserId, Member>();
  readonly receipts = new Map<UserId, Receipt>();
  /** What the one reader of this model has deleted for herself, by `seq`. */
  readonly hidden = new Set<number>();
  chat: Chat;
  #chatRev = 0;

  constructor(readonly chatId: ChatId, people: readonly UserId[]) {
    const [createdBy] = people;
    this.chat = {
      chatId,
      kind: "group",
      title: "A group",
      about: "",
      channel: null,
      group: null,
      createdBy: createdBy!,
      createdAt: at,
      memberCount: 0,
    };
    for (const userId of people) this.join(userId);
  }

  get lastSeq() {
    return this.messages.length;
  }

  get present(): UserId[] {
    return [...this.members.values()].filter((m) => m.leftAt === null)
      .map((m) => m.userId);
  }

  join(userId: UserId): Event {
    return this.#member(userId, "member.joined", { leftAt: null }, 1);
  }

  leave(userId: UserId): Event {
    return this.#member(userId, "member.left", { leftAt: at }, -1);
  }

  setRole(userId: UserId, role: Member["role"]): Event {
    const rev = ++this.rev;
    const member = { ...this.members.get(userId)!, role, rev };
    this.members.set(userId, member);
    return { type: "member.updated", chatId: this.chatId, rev, member };
  }

  rename(title: string): Event {
    const rev = this.#chatRev = ++this.rev;
    this.chat = { ...this.chat, title };
    return { type: "chat.updated", chatId: this.chatId, rev, chat: this.chat };
  }

  send(senderId: UserId, text: string, replyToSeq?: number): Event {
    const rev = ++this.rev;
    const seq = this.lastSeq + 1;
    const target = replyToSeq && this.messages[replyToSeq - 1];
    const message: BroadcastMessage = {
      chatId: this.chatId,
      seq,
      rev,
      messageId: messageId(this.chatId, seq),
      senderId,
      content: { type: "text", text },
      forwardedFrom: null,
      replyTo: target
        ? { seq: target.message.seq, messageId: target.message.messageId }
        : null,
      replyCount: 0,
      reactions: [],
      poll: null,
      pinned: false,
      views: null,
      createdAt: at,
      editedAt: null,
      deletedAt: null,
    };
    if (target) {
      const replyCount = target.message.replyCount + 1;
      target.message = { ...target.message, rev, replyCount };
    }
    this.messages.push({ message, reactions: new Map() });
    this.#receipt(senderId, seq, seq);
    return { type: "message.created", chatId: this.chatId, rev, message };
  }

  edit(seq: number, text: string): Event {
    const content = { type: "text" as const, text };
    return this.#update(seq, "edited", { content, editedAt: at });
  }

  deleteForAll(seq: number): Event {
    this.messages[seq - 1]!.reactions.clear();
    return this.#update(seq, "deleted", { content: null, deletedAt: at });
  }

  pin(seq: number): Event {
    const { pinned } = this.messages[seq - 1]!.message;
    const change = pinned ? "unpinned" : "pinned";
    return this.#update(seq, change, { pinned: !pinned });
  }

  /** Chooses the emoji, or takes it back. */
  react(seq: number, userId: UserId, emoji: string): Event {
    const { reactions } = this.messages[seq - 1]!;
    const people = reactions.get(emoji) ?? new Set();
    const isNew = !people.delete(userId);
    if (isNew) reactions.set(emoji, people.add(userId));
    else if (people.size === 0) reactions.delete(emoji);
    const change = isNew ? "reacted" : "unreacted";
    return this.#update(seq, change, {}, { userId, emoji });
  }

  read(userId: UserId, seq: number): Event {
    const receipt = this.#receipt(userId, seq, seq);
    return { type: "receipt.updated", chatId: this.chatId, ...receipt };
  }

  /** The messages as one member sees them. */
  seenBy(viewer: UserId): Message[] {
    const visible = this.messages.filter(({ message: { seq } }) =>
      !this.hidden.has(seq)
    );
    return visible.map(({ message, reactions }) => ({
      ...message,
      poll: null,
      reactions: message.reactions.map((reaction) => ({
        ...reaction,
        mine: reactions.get(reaction.emoji)!.has(viewer),
      })),
    }));
  }

  /** As the contract has it: the present rows, oldest change first, cut where every row is in. */
  changes(since: number, limit: number, viewer: UserId): Changes {
    const byRev = (a: { rev: number }, b: { rev: number }) => a.rev - b.rev;
    const newer = (row: { rev: number }) => row.rev > since;
    const messages = this.seenBy(viewer).filter(newer).sort(byRev);
    const members = [...this.members.values()].filter(newer).sort(byRev);
    const size = Math.max(2, limit);
    const to = Math.min(
      this.rev,
      (messages[size]?.rev ?? Infinity) - 1,
      (members[size]?.rev ?? Infinity) - 1,
    );
    const isIn = (row: { rev: number }) => row.rev <= to;
    return {
      from: since,
      to,
      hasMore: to < this.rev,
      epoch: this.epoch,
      chat: this.#chatRev > since && this.#chatRev <= to ? this.chat : null,
      messages: messages.filter(isIn),
      members: members.filter(isIn),
      receipts: [...this.receipts.values()],
    };
  }

  history(viewer: UserId, before: number, limit: number): History {
    const older = this.seenBy(viewer).filter(({ seq }) => seq < before);
    const items = older.slice(-limit);
    const hasBefore = older.length > limit;
    return { items, hasBefore, hasAfter: before <= this.lastSeq };
  }

  item(viewer: UserId): ChatItem {
    const { chatId: _, ...head } = this.head(viewer);
    const { rev, lastSeq, ...mine } = head;
    return {
      ...this.chat,
      rev,
      lastSeq,
      lastMessage: this.seenBy(viewer).at(-1) ?? null,
      peer: null,
      me: { ...noPreferences, ...mine, rights: [], draft: null },
    };
  }

  head(viewer: UserId): ChatHead {
    const { deliveredSeq = 0, readSeq = 0 } = this.receipts.get(viewer) ?? {};
    return {
      chatId: this.chatId,
      role: this.members.get(viewer)?.role ?? "member",
      rev: this.rev,
      lastSeq: this.lastSeq,
      deliveredSeq,
      readSeq,
      unread: this.lastSeq - readSeq,
    };
  }

  #member(
    userId: UserId,
    type: "member.joined" | "member.left",
    change: Pick<Member, "leftAt">,
    by: 1 | -1,
  ): Event {
    const rev = this.#chatRev = ++this.rev;
    const memberCount = this.chat.memberCount + by;
    this.chat = { ...this.chat, memberCount };
    const member: Member = {
      userId,
      role: this.members.size === 0 ? "owner" : "member",
      rights: [],
      joinedAt: at,
      ...change,
      rev,
      user: { userId, username: "someone", displayName: "S", about: "" },
    };
    this.members.set(userId, member);
    this.#receipt(userId, 0, 0);
    return { type, chatId: this.chatId, rev, member, memberCount };
  }

  #update(
    seq: number,
    change: (Event & { type: "message.updated" })["change"],
    to: Partial<BroadcastMessage>,
    by: { userId: UserId; emoji?: string } = { userId: this.chat.createdBy! },
  ): Event {
    const rev = ++this.rev;
    const stored = this.messages[seq - 1]!;
    const reactions = [...stored.reactions].map(([emoji, people]) => ({
      emoji,
      count: people.size,
    }));
    const message = { ...stored.message, ...to, reactions, rev };
    stored.message = message;
    const { chatId } = this;
    return { type: "message.updated", chatId, rev, message, change, ...by };
  }

  #receipt(userId: UserId, delivered: number, read: number): Receipt {
    const before = this.receipts.get(userId);
    const receipt = {
      userId,
      deliveredSeq: Math.max(before?.deliveredSeq ?? 0, delivered),
      readSeq: Math.max(before?.readSeq ?? 0, read),
    };
    this.receipts.set(userId, receipt);
    return receipt;
  }
}

export const chatId = (n: number) =>
  `00000000-0000-7000-9000-${String(n).padStart(12, "0")}` as ChatId;

export const messageId = (chat: ChatId, seq: number) =>
  `${chat.slice(-8)}-0000-7000-a000-${
    String(seq).padStart(12, "0")
  }` as MessageId;
