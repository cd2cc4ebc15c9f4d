import assert from "node:assert/strict";
import type { Ban } from "../../../src/protocol/groups.ts";
import type { List } from "../../../src/protocol/page.ts";
import { freshRead } from "../../support/fresh_read.ts";
import type { Person } from "../../support/peer.ts";
import {
  isPresent,
  type Model,
  presentIn,
  rightsOf,
  shown,
} from "./chat_model.ts";
import { type Done, shownBy } from "./history.ts";

/** Fails unless what a person reads anew is what the model holds for that person. */
export async function compare(
  model: Model,
  person: Person,
  chatId: string,
  done: readonly Done[],
): Promise<void> {
  const { userId } = person;
  const granted = done.filter(({ answered }) => !("refused" in answered));
  if (!isPresent(model, userId)) {
    const { status } = await person.call("GET", `/chats/${chatId}/messages`);
    assert.equal(status, 404);
    return;
  }

  const fresh = await freshRead(person, chatId);
  const hidden = new Set(
    granted.flatMap(({ by, wish }) =>
      by === userId && wish.kind === "hide" ? [wish.messageId] : []
    ),
  );
  const visible = [...model.messages.values()].filter(({ messageId }) =>
    !hidden.has(messageId)
  );
  const read = [...fresh.messages.values()].sort((a, b) => a.seq - b.seq);
  assert.deepEqual(read.map(shownBy), visible.map(shown));
  assert.deepEqual(
    read.map(({ reactions }) => reactions.map(({ mine }) => mine)),
    visible.map(({ reactions }) =>
      reactions.map(([, who]) => who.includes(userId))
    ),
  );

  assert.deepEqual(
    read.map(({ poll }) => poll && poll.mine),
    visible.map(({ poll }) => poll && (poll.choices.get(userId) ?? [])),
  );
  const place = model.members.get(userId)!;
  const path = `/chats/${chatId}/bans?limit=100`;
  const bans = await person.call<List<Ban>>("GET", path);
  if (rightsOf(place).includes("banMembers")) {
    const banned = bans.body.items.map(({ user }) => user.userId as string);
    assert.deepEqual(new Set(banned), model.banned);
  } else assert.equal(bans.status, 403);

  assert.equal(fresh.chat!.title, model.title);
  assert.equal(fresh.chat!.memberCount, presentIn(model).length);
  const members = new Map(
    [...fresh.members].map(([id, { role, rights, leftAt }]) => [
      id as string,
      { role, rights, present: leftAt === null },
    ]),
  );
  for (const [id, place] of model.members) {
    const { role, present } = place;
    const rights = rightsOf(place);
    assert.deepEqual(members.get(id), { role, rights, present });
  }
  assert.equal(fresh.chat!.group!.slowModeSeconds > 0, model.isSlow);
  assert.equal(members.size, model.members.size);

  for (const [id, { joinedSeq }] of presentIn(model)) {
    const read = granted.flatMap(({ by, wish }) =>
      by === id && wish.kind === "read" ? [wish.seq] : []
    );
    // Who left reads no more, so that is not read by her; what she did or said is.
    const own = [...model.messages.values()].flatMap((
      { senderId, text, seq },
    ) => senderId === id && !text?.includes(`"memberLeft"`) ? [seq] : []);
    const readSeq = Math.max(joinedSeq, ...read, ...own);
    assert.equal(
      new Map<string, { readSeq: number }>(fresh.receipts).get(id)?.readSeq,
      readSeq,
    );
  }
}
