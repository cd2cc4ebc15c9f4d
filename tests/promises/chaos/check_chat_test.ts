import assert from "node:assert/strict";
import type { Chat, Member, Receipt } from "../../../src/protocol/chats.ts";
import type { UserId } from "../../../src/protocol/ids.ts";
import type { Message } from "../../../src/protocol/messages.ts";
import { type ChatPicture, emptyPicture } from "../../support/fresh_read.ts";
import type { Operation } from "../model/operation.ts";
import type { Answered } from "../model/perform.ts";
import { checkChat } from "./check_chat.ts";
import { difference } from "./difference.ts";
import { Ledger } from "./ledger.ts";
import { Witness } from "./witness.ts";

const ann = "ann" as UserId;
const chat = {
  chatId: "c",
  name: "group",
  cast: [],
  messageIds: [],
  startRev: 0,
};

const message = (seq: number, fields: Partial<Message> = {}): Message => ({
  chatId: "c" as Message["chatId"],
  seq,
  rev: seq,
  messageId: `m${seq}` as Message["messageId"],
  senderId: ann,
  content: { type: "text", text: `text ${seq}` },
  forwardedFrom: null,
  replyTo: null,
  replyCount: 0,
  reactions: [],
  poll: null,
  pinned: false,
  views: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  editedAt: null,
  deletedAt: null,
  ...fields,
});

/** Two messages, both acknowledged to ann, and what a case makes of them. */
function check(
  change: (stage: {
    messages: Map<number, Message>;
    receipts: Map<UserId, Receipt>;
    members: Map<UserId, Member>;
    note(wish: Operation, answered?: Answered, isUncertain?: boolean): void;
  }) => void,
  item: { rev?: number; lastSeq?: number } = {},
): string | undefined {
  const ledger = new Ledger();
  const note = (
    wish: Operation,
    answered?: Answered,
    isUncertain = answered === undefined,
  ) => {
    const asked = ledger.note("c", ann, wish);
    asked.answered = answered;
    asked.isUncertain = isUncertain;
  };
  const messages = new Map([[1, message(1)], [2, message(2)]]);
  const receipts = new Map<UserId, Receipt>();
  const members = new Map<UserId, Member>();
  for (const seq of [1, 2]) {
    note(
      {
        kind: "send",
        messageId: `m${seq}`,
        text: `text ${seq}`,
        replyTo: null,
      },
      { rev: seq, seq },
    );
  }
  change({ messages, receipts, members, note });
  const rev = item.rev ?? Math.max(...[...messages.values()].map((m) => m.rev));
  const picture: ChatPicture = {
    ...{ ...emptyPicture(), rev },
    ...{ messages, receipts, members },
  };
  try {
    checkChat({ ledger, witness: new Witness() }, chat, picture, {
      rev,
      lastSeq: item.lastSeq ?? messages.size,
    });
  } catch (error) {
    return (error as Error).message;
  }
}

const send = (messageId: string, text: string): Operation => ({
  kind: "send",
  messageId,
  text,
  replyTo: null,
});

Deno.test("what was acknowledged has to be there as it was acknowledged", async (t) => {
  const cases: [string, RegExp | undefined, Parameters<typeof check>[0]][] = [
    ["all is well", undefined, () => {}],
    ["a message is gone", /m2 was acknowledged and is gone/, ({ messages }) => {
      messages.delete(2);
    }],
    ["a seq is missing", /seq 2 is missing/, ({ messages, note }) => {
      messages.set(3, message(3));
      messages.delete(2);
      note(send("m3", "text 3"));
    }],
    ["one stands twice", /m1 stands at 1 and 3/, ({ messages }) => {
      messages.set(3, message(3, { messageId: message(1).messageId }));
    }],
    [
      "they changed places",
      /m2 was acknowledged at seq 2 and is at 1/,
      ({ messages }) => {
        messages.set(1, message(1, { messageId: message(2).messageId }));
        messages.set(2, message(2, { messageId: message(1).messageId }));
      },
    ],
    ["nobody sent it", /m3 is at seq 3 and nobody can/, ({ messages }) => {
      messages.set(3, message(3));
    }],
    ["it was refused", /m3 is at seq 3 and nobody can/, (stage) => {
      stage.messages.set(3, message(3));
      stage.note(send("m3", "text 3"), { refused: "not_found" });
    }],
    ["it was never answered", undefined, ({ messages, note }) => {
      messages.set(3, message(3));
      note(send("m3", "text 3"));
    }],
    ["another text", /says 'else', which was not sent/, ({ messages }) => {
      const content = { type: "text", text: "else" } as const;
      messages.set(1, message(1, { content }));
    }],
    ["an edit is lost", /was edited and says 'text 1' again/, ({ note }) => {
      note({ kind: "edit", messageId: "m1", text: "new" }, { rev: 3 });
    }],
    ["a deletion is lost", /m1 was deleted and is there again/, ({ note }) => {
      note({ kind: "delete", messageId: "m1" }, { rev: 3 });
    }],
    ["a reaction is lost", /m1 has 0 👍, and 1 were given/u, ({ note }) => {
      const wish = { messageId: "m1", emoji: "👍", active: true } as const;
      note({ kind: "react", ...wish }, { rev: 3 });
    }],
    ["a cursor went back", /has read up to 2, and it says 1/, (stage) => {
      stage.receipts.set(ann, { userId: ann, deliveredSeq: 2, readSeq: 1 });
      stage.note({ kind: "read", seq: 2 }, {});
    }],
    ["a vote is lost", /m1 has the votes 0,0,0, and 0,1,0 were/, (stage) => {
      const tally = { counts: [0, 0, 0], voters: 0, closedAt: null, mine: [] };
      stage.messages.set(1, message(1, { poll: tally }));
      stage.note({ kind: "vote", messageId: "m1", options: [1] }, { rev: 3 });
    }],
    ["a poll goes on", /m1 was closed and is open again/, (stage) => {
      const tally = { counts: [0, 0, 0], voters: 0, closedAt: null, mine: [] };
      stage.messages.set(1, message(1, { poll: tally }));
      stage.note({ kind: "closePoll", messageId: "m1" }, { rev: 3 });
    }],
    ["one banned is in", /ann is banned, and is in it/, (stage) => {
      stage.members.set(ann, { userId: ann, leftAt: null } as Member);
      stage.note({ kind: "ban", userId: ann }, {});
    }],
    ["one unbanned is in", undefined, (stage) => {
      stage.members.set(ann, { userId: ann, leftAt: null, rev: 2 } as Member);
      stage.note({ kind: "ban", userId: ann }, {});
      stage.note({ kind: "unban", userId: ann }, {});
    }],
    ["a send's first answer was lost", undefined, ({ messages, note }) => {
      messages.set(3, message(3, { rev: 4 }));
      note(send("m3", "text 3"), { rev: 4, seq: 3, duplicate: true }, true);
    }],
    ["a rev is left out", /nobody knows of rev 3/, ({ messages, note }) => {
      messages.set(3, message(3, { rev: 4 }));
      note(send("m3", "text 3"), { rev: 4, seq: 3 });
    }],
  ];
  for (const [name, expected, change] of cases) {
    await t.step(name, () => {
      const found = check(change);
      if (expected) assert.match(found ?? "nothing is wrong", expected);
      else assert.equal(found, undefined);
    });
  }
  await t.step("its head counts one more", () => {
    assert.match(check(() => {}, { lastSeq: 3 })!, /counts 3 messages/);
  });
});

Deno.test("the first difference between two pictures is told in a sentence", () => {
  const picture = (title: string, seqs: readonly number[]): ChatPicture => ({
    ...emptyPicture(),
    rev: 3,
    chat: { title } as Chat,
    messages: new Map(seqs.map((seq) => [seq, message(seq)])),
    members: new Map([[ann, { userId: ann } as Member]]),
  });
  assert.equal(difference(picture("a", [1]), picture("a", [1])), undefined);
  assert.equal(
    difference(picture("a", [1, 2]), picture("b", [1])),
    `chat is {"title":"a"}, freshly read {"title":"b"}`,
  );
  const other = picture("a", [1, 2]);
  other.messages.set(2, message(2, { pinned: true }));
  assert.equal(
    difference(picture("a", [1, 2]), other),
    `message 2 is {"pinned":false}, freshly read {"pinned":true}`,
  );
});
