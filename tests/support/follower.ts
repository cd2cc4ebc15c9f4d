import assert from "node:assert/strict";
import type { Member } from "../../src/protocol/chats.ts";
import type { Event } from "../../src/protocol/events.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import type { OwnVote } from "../../src/protocol/polls.ts";
import type { Changes, Sync } from "../../src/protocol/sync.ts";
import { applyEvent, type Counted } from "./apply_event.ts";
import {
  addPage,
  type ChatPicture,
  emptyPicture,
  moveReceipt,
} from "./fresh_read.ts";
import type { Line, Person } from "./peer.ts";
import { granted } from "./say.ts";

/** Small, so that catching up takes several pages. */
const pageSize = 7;
/** Far more than any sweep: whoever is not told by then will not be. */
const lateMs = 15_000;

interface Followed {
  readonly picture: ChatPicture;
  /** Events that came before one with a lower rev. */
  readonly held: Map<number, Counted>;
  /** Seqs that the person has hidden: what was read or said before may still come. */
  readonly hidden: Set<number>;
  /** What the person chose in polls, by seq: what was read before may still come. */
  readonly votes: Map<number, number[]>;
  /** The rev it has been told of. */
  told: number;
  pulling: boolean;
  /** Whether the last page read was not the last one there is: then rows are missing or old. */
  isPartial: boolean;
}

export interface FollowerOptions {
  /** Called with every event of its present line, before it is applied. */
  onEvent?(event: Event): void;
  /**
   * The service did not tell what it was asked for: the follower has to connect again to go on. Without
   * it, such a failure is thrown at nobody, and fails the test.
   */
  onFailure?(error: unknown): void;
  /** For long runs: neither `heard` nor `shown` is kept. */
  readonly forgets?: boolean;
}

/**
 * A client as the contract describes it, in its simplest form: it keeps its picture of every chat
 * from hello and the live events, and asks for changes only when told to or when a rev is missing.
 */
export class Follower {
  readonly chats = new Map<string, Followed>();
  /** How often a rev was missing between two events. */
  gaps = 0;
  /** Events of chats that it has no reason to take itself for a member of. */
  readonly strays: Event[] = [];
  /** Everything heard on any line so far. */
  readonly heard: Event[] = [];
  /** Every state of a membership that it was shown in a page. */
  readonly shown: Member[] = [];
  #person: Person;
  readonly #options: FollowerOptions;
  #line: Line | undefined;
  #cursor: string | undefined;
  readonly #waiting = new Set<() => void>();
  /** The accountRev at which a chat last came or went. */
  readonly #moved = new Map<string, number>();
  /** How many answers of `/sync` are awaited: chats may have come that only they tell of. */
  #syncing = 0;
  /** Where a chat was told to be before the answer that tells of the chat. */
  readonly #early = new Map<string, number>();
  /** Chats that `/sync` or hello took away: the isolate of the line may not know yet. */
  readonly #taken = new Set<string>();

  constructor(person: Person, options: FollowerOptions = {}) {
    this.#person = person;
    this.#options = options;
  }

  /** Who it is, at the door of the service that it uses now. */
  get person(): Person {
    return this.#person;
  }

  get line(): Line {
    return this.#line!;
  }

  get userId(): UserId {
    return this.person.userId;
  }

  rev(chatId: string): number {
    return this.chats.get(chatId)?.picture.rev ?? 0;
  }

  /**
   * Opens a connection, or another one, which goes on where the last one was; also at another door of
   * the service.
   */
  async connect(person: Person = this.#person): Promise<void> {
    const since = this.#cursor;
    const line = await person.connect(since);
    const { chats, gone, cursor } = line.welcome;
    this.#person = person;
    this.#line = line;
    // It passes over the account's own changes, which hello does not tell: only a sync does.
    this.#cursor ??= cursor;
    // What the last line still had under way counts no more.
    for (const followed of this.chats.values()) followed.pulling = false;
    gone.forEach((chatId) => this.#take(chatId));
    for (const { chatId, rev } of chats) this.#behind(chatId, rev);
    // What an interrupted pull left open.
    for (const [chatId, { told }] of this.chats) this.#behind(chatId, told);
    line.events.forEach((event) => this.#on(event));
    line.onEvent((event) => line === this.#line && this.#on(event));
    this.#changed();
    if (since !== undefined) await this.#sync(since);
  }

  async disconnect(): Promise<void> {
    await this.#line?.[Symbol.asyncDispose]();
    for (const followed of this.chats.values()) followed.pulling = false;
  }

  /** Resolves once it does not hold the chat any more; never rejects. */
  async lost(chatId: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => this.chats.has(chatId) || resolve();
    this.#waiting.add(look);
    look();
    await promise.finally(() => this.#waiting.delete(look));
  }

  /** Resolves once the picture of the chat has come to `rev`; rejects when that takes too long. */
  async caughtUp(chatId: string, rev: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => this.rev(chatId) >= rev && resolve();
    const late = setTimeout(() => {
      const { person: { username }, line: { events } } = this;
      const last = JSON.stringify(events.slice(-5));
      const at = this.rev(chatId);
      reject(new Error(`${username} is at ${at} of ${rev}, after ${last}`));
    }, lateMs);
    this.#waiting.add(look);
    look();
    await promise.finally(() => {
      clearTimeout(late);
      this.#waiting.delete(look);
    });
  }

  /** Asks for the changes once more, for the receipts alone: there must be no others. */
  async confirm(chatId: string): Promise<ChatPicture> {
    const { picture } = this.chats.get(chatId)!;
    const page = await this.#changes(chatId, picture.rev);
    assert.deepEqual([page.messages, page.members, page.chat], [[], [], null]);
    assert.equal(page.to, picture.rev);
    addPage(picture, page);
    const present = new Set(page.receipts.map(({ userId }) => userId));
    for (const userId of picture.receipts.keys()) {
      if (!present.has(userId)) picture.receipts.delete(userId);
    }
    return picture;
  }

  #on(event: Event): void {
    if (!this.#options.forgets) this.heard.push(event);
    this.#options.onEvent?.(event);
    switch (event.type) {
      case "chat.created":
        this.#moved.set(event.chatId, event.accountRev);
        return this.#behind(event.chatId, event.rev);
      case "chat.deleted":
        this.#moved.set(event.chatId, event.accountRev ?? Infinity);
        this.chats.delete(event.chatId);
        return this.#changed();
      case "chat.behind":
        return this.#behind(event.chatId, event.rev);
      case "account.behind":
        return this.#supervise(this.#sync(this.#cursor!));
      case "message.hidden":
        return this.#hide(event.chatId, event.seq);
      case "poll.voted":
        return this.#vote(event);
      case "receipt.updated": {
        const followed = this.chats.get(event.chatId);
        if (followed) moveReceipt(followed.picture, event);
        return;
      }
    }
    if (!("chatId" in event && "rev" in event)) return;
    const followed = this.chats.get(event.chatId);
    if (!followed) return this.#onUnknown(event.chatId, event.rev!, event);
    if (event.rev > followed.picture.rev) followed.held.set(event.rev, event);
    this.#release(event.chatId, followed);
  }

  #onUnknown(chatId: string, rev: number, event: Event): void {
    if (this.#syncing > 0) {
      this.#early.set(chatId, Math.max(rev, this.#early.get(chatId) ?? 0));
    } else if (!this.#taken.has(chatId)) this.strays.push(event);
  }

  #take(chatId: string): void {
    if (this.chats.delete(chatId)) this.#taken.add(chatId);
  }

  /** Applies what is next; asks where something is missing. */
  #release(chatId: string, followed: Followed): void {
    if (followed.pulling) return;
    // Rows that changed after a page's end are not in it: no event may be counted onto what was before.
    if (followed.isPartial) return this.#behind(chatId, followed.told);
    const { picture, held } = followed;
    for (let next; (next = held.get(picture.rev + 1));) {
      applyEvent(picture, next, this.userId);
    }
    putOwn(followed);
    for (const rev of held.keys()) if (rev <= picture.rev) held.delete(rev);
    this.#changed();
    if (held.size === 0) return;
    this.gaps++;
    this.#behind(chatId, Math.max(...held.keys()));
  }

  #behind(chatId: string, rev: number): void {
    const followed = this.chats.get(chatId) ?? newlyFollowed();
    this.chats.set(chatId, followed);
    this.#taken.delete(chatId);
    followed.told = Math.max(followed.told, rev, this.#early.get(chatId) ?? 0);
    this.#early.delete(chatId);
    const isBehind = followed.isPartial || followed.picture.rev < followed.told;
    if (!followed.pulling && isBehind) {
      this.#supervise(this.#pull(chatId, followed, this.line));
    }
  }

  /** A failure on a line that was given up meanwhile is none: the next one asks again. */
  #supervise(work: Promise<void>): void {
    const { line } = this;
    const { onFailure } = this.#options;
    if (!onFailure) return void work;
    void work.catch((error) => line === this.#line && onFailure(error));
  }

  async #pull(chatId: string, followed: Followed, line: Line): Promise<void> {
    followed.pulling = true;
    const { picture } = followed;
    try {
      for (let hasMore = true; hasMore || picture.rev < followed.told;) {
        const page = await this.#changes(chatId, picture.rev, line);
        addPage(picture, page);
        if (!this.#options.forgets) this.shown.push(...page.members);
        putOwn(followed);
        followed.isPartial = hasMore = page.hasMore;
      }
    } catch (error) {
      // Removed meanwhile, which is told; or the line is gone, and the next one goes on.
      const isGone = String(error).includes("not_found");
      if (line === this.line && !isGone) this.#options.onFailure?.(error);
      return;
    } finally {
      if (line === this.line) followed.pulling = false;
    }
    this.#release(chatId, followed);
  }

  #changes(chatId: string, since: number, line = this.line): Promise<Changes> {
    return granted(
      line.ask({ type: "changes", chatId, since, limit: pageSize }),
    );
  }

  async #sync(since: string): Promise<void> {
    this.#syncing++;
    try {
      for (let hasMore = true; hasMore;) {
        const path = `/sync?cursor=${encodeURIComponent(since)}`;
        const { status, body } = await this.person.call<Sync>("GET", path);
        if (status !== 200) throw new Error(JSON.stringify(body));
        this.#learn(body);
        ({ hasMore, cursor: since } = body);
      }
    } finally {
      this.#syncing--;
    }
  }

  #learn({ cursor, accountRev, chats, gone, hidden, votes }: Sync): void {
    this.#cursor = cursor;
    // The line may have told of what came after this answer was made.
    const isNews = (chatId: string) =>
      accountRev >= (this.#moved.get(chatId) ?? 0);
    gone.filter(isNews).forEach((chatId) => this.#take(chatId));
    for (const { chatId, rev } of chats) {
      if (isNews(chatId)) this.#behind(chatId, rev);
    }
    for (const { chatId, seq } of hidden) this.#hide(chatId, seq);
    votes.forEach((vote) => this.#vote(vote));
    this.#changed();
  }

  #vote({ chatId, seq, options }: OwnVote): void {
    const followed = this.chats.get(chatId);
    if (!followed) return;
    followed.votes.set(seq, options);
    putOwn(followed);
  }

  #hide(chatId: string, seq: number): void {
    const followed = this.chats.get(chatId);
    followed?.hidden.add(seq);
    followed?.picture.messages.delete(seq);
  }

  #changed(): void {
    this.#waiting.forEach((look) => look());
  }
}

/** What the person's account tells, put over what is read of the chat. */
function putOwn({ picture: { messages }, hidden, votes }: Followed): void {
  hidden.forEach((seq) => messages.delete(seq));
  for (const [seq, mine] of votes) {
    const message = messages.get(seq);
    if (!message?.poll) continue;
    messages.set(seq, { ...message, poll: { ...message.poll, mine } });
  }
}

const newlyFollowed = (): Followed => ({
  picture: emptyPicture(),
  held: new Map(),
  hidden: new Set(),
  votes: new Map(),
  told: 0,
  pulling: false,
  isPartial: false,
});
