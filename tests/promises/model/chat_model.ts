/** What the contract says a group does, one operation after the other, in memory. */
import { type AdminRight, adminRights } from "../../../src/protocol/groups.ts";
import type { MessageId, UserId } from "../../../src/protocol/ids.ts";
import type { Role } from "../../../src/protocol/chats.ts";
import type { ProblemCode } from "../../../src/protocol/problem.ts";
import type { SystemContent } from "../../../src/protocol/system.ts";
import { contentOf, type PollKind, pollOptions, wordsOf } from "./content.ts";
import type { Operation } from "./operation.ts";

export interface Said {
  readonly messageId: string;
  readonly seq: number;
  readonly senderId: string;
  /** As `wordsOf` gives it; null once deleted for everyone. */
  readonly text: string | null;
  readonly replyTo: string | null;
  readonly replyCount: number;
  /** Emoji in the order of first use, each with those who chose it. */
  readonly reactions: readonly (readonly [string, readonly string[]])[];
  readonly poll: SaidPoll | null;
  readonly pinned: boolean;
  readonly edited: boolean;
}

export interface SaidPoll extends PollKind {
  readonly closed: boolean;
  /** What each person chose who did. */
  readonly choices: ReadonlyMap<string, readonly number[]>;
}

export interface Place {
  readonly role: Role;
  /** What an admin may do. */
  readonly rights: readonly AdminRight[];
  /** Whether the member has written in slow mode, which lasts longer than any run. */
  readonly hasSentSlowly: boolean;
  readonly present: boolean;
  /** The moment of the joining, which only the service knows: what it told fills it in. */
  readonly since: string;
  /** The rev of the joining. */
  readonly rev: number;
  /** What was said before counts as read. */
  readonly joinedSeq: number;
}

export interface Model {
  readonly rev: number;
  readonly title: string;
  readonly isSlow: boolean;
  readonly members: ReadonlyMap<string, Place>;
  readonly banned: ReadonlySet<string>;
  /** By messageId, in order. */
  readonly messages: ReadonlyMap<string, Said>;
}

/** A change as an event tells it, without the times. */
export type Told =
  | { readonly type: "message.created"; readonly message: Shown }
  | {
    readonly type: "message.updated";
    readonly change: string;
    readonly by: string | undefined;
    readonly emoji?: string | undefined;
    readonly message: Shown;
  }
  | {
    readonly type: "member.joined" | "member.updated" | "member.left";
    readonly userId: string;
    readonly role: Role;
    readonly rights?: readonly AdminRight[];
    readonly memberCount?: number;
  }
  | {
    readonly type: "chat.updated";
    readonly title: string;
    readonly isSlow: boolean;
  };

/** A message as everyone sees it. */
export interface Shown extends Omit<Said, "reactions" | "poll"> {
  readonly poll: {
    readonly counts: readonly number[];
    readonly voters: number;
    readonly closed: boolean;
  } | null;
  readonly reactions: readonly (readonly [string, number])[];
}

/**
 * What comes of an operation: a refusal, or changes of which each takes a rev; or one that nobody is
 * told of, which takes none.
 */
export type Result =
  | { readonly refused: ProblemCode }
  | {
    readonly told: readonly Told[];
    readonly next: Model;
    readonly duplicate?: true;
  };

export const shown = (said: Said): Shown => ({
  ...said,
  reactions: said.reactions.map(([emoji, who]) => [emoji, who.length]),
  poll: said.poll && tallyOf(said.poll),
});

function tallyOf({ choices, closed }: SaidPoll): Shown["poll"] {
  const all = [...choices.values()];
  const counts = pollOptions.map((_, option) =>
    all.filter((chosen) => chosen.includes(option)).length
  );
  return { counts, voters: all.length, closed };
}

const strength: Record<Role, number> = {
  owner: 3,
  admin: 2,
  member: 1,
  subscriber: 0,
};

const usual = adminRights.filter((right) => right !== "promoteMembers");

/** What somebody may do as one of those in charge. */
export const rightsOf = (
  { role, rights }: Pick<Place, "role" | "rights">,
): readonly AdminRight[] =>
  role === "owner" ? adminRights : role === "admin" ? rights : [];

const can = (place: Place, right: AdminRight) =>
  rightsOf(place).includes(right);

export const isPresent = (model: Model, userId: string) =>
  model.members.get(userId)?.present ?? false;

export const presentIn = ({ members }: Model) =>
  [...members].filter(([, { present }]) => present);

const refused = (code: ProblemCode): Result => ({ refused: code });

/** Decides one operation on one state. */
export function step(model: Model, by: string, wish: Operation): Result {
  const place = model.members.get(by);
  if (!place?.present) return refused("not_found");
  switch (wish.kind) {
    case "send":
      return send(model, by, place, wish);
    case "edit":
    case "delete":
    case "react":
    case "pin":
    case "vote":
    case "closePoll":
      return change(model, by, place, wish);
    case "hide":
      return model.messages.has(wish.messageId)
        ? unchanged(model)
        : refused("not_found");
    case "read":
      return unchanged(model);
    case "add":
      return add(model, by, place, wish.userIds);
    case "remove":
      return remove(model, by, place, wish.userId);
    case "ban":
      return ban(model, by, place, wish.userId);
    case "unban": {
      if (!can(place, "banMembers")) return refused("forbidden");
      const banned = new Set(model.banned);
      if (!banned.delete(wish.userId)) return refused("not_found");
      return { told: [], next: { ...model, banned } };
    }
    case "setRole":
      return setRole(model, by, place, wish);
    case "grant":
      return setRole(model, by, place, { ...wish, role: "admin" }, wish.rights);
    case "slow":
      if (!can(place, "changeInfo")) return refused("forbidden");
      if (model.isSlow === wish.active) return unchanged(model);
      return {
        told: [{
          type: "chat.updated",
          title: model.title,
          isSlow: wish.active,
        }],
        next: { ...model, isSlow: wish.active, rev: model.rev + 1 },
      };
    case "rename":
      if (!can(place, "changeInfo")) return refused("forbidden");
      if (model.title === wish.title) return unchanged(model);
      return andTold(
        [{
          type: "chat.updated",
          title: wish.title,
          isSlow: model.isSlow,
        }],
        { ...model, title: wish.title, rev: model.rev + 1 },
        by,
        { type: "system", event: "titleChanged", title: wish.title },
      );
  }
}

/** How a message of the service's own is called here. */
export const toldId = (seq: number) => `told at ${seq}`;

/** What happened is told in the group, as its next change. */
function tell(
  before: Model,
  by: string,
  content: SystemContent,
): { said: Told; next: Model } {
  const seq = before.messages.size + 1;
  const said: Said = {
    messageId: toldId(seq),
    seq,
    senderId: by,
    text: JSON.stringify(content),
    replyTo: null,
    replyCount: 0,
    reactions: [],
    poll: null,
    pinned: false,
    edited: false,
  };
  const messages = new Map(before.messages).set(said.messageId, said);
  return {
    said: { type: "message.created", message: shown(said) },
    next: { ...before, messages, rev: before.rev + 1 },
  };
}

/** What a change tells of itself, after what it told already. */
function andTold(
  told: readonly Told[],
  changed: Model,
  by: string,
  content: SystemContent,
): Result {
  const { said, next } = tell(changed, by, content);
  return { told: [...told, said], next };
}

const unchanged = (model: Model): Result => ({ told: [], next: model });

type Wish<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

function send(
  model: Model,
  by: string,
  place: Place,
  wish: Wish<"send">,
): Result {
  const { messageId, replyTo, poll } = wish;
  const { messages } = model;
  const before = messages.get(messageId);
  if (before?.senderId === by) {
    return { told: [], next: model, duplicate: true };
  }
  if (before) return refused("id_taken");
  const isSlowed = model.isSlow && strength[place.role] < strength.admin;
  if (isSlowed && place.hasSentSlowly) return refused("slow_mode");
  const target = replyTo === null ? undefined : messages.get(replyTo);
  if (replyTo !== null && !target) return refused("not_found");
  if (target?.text === null) return refused("conflict");
  const said: Said = {
    messageId,
    seq: messages.size + 1,
    senderId: by,
    text: wordsOf(contentOf(wish)),
    replyTo,
    replyCount: 0,
    reactions: [],
    poll: poll ? { ...poll, closed: false, choices: new Map() } : null,
    pinned: false,
    edited: false,
  };
  const next = new Map(messages).set(messageId, said);
  if (target) {
    const replyCount = target.replyCount + 1;
    next.set(target.messageId, { ...target, replyCount });
  }
  return {
    told: [{ type: "message.created", message: shown(said) }],
    next: {
      ...model,
      messages: next,
      members: isSlowed
        ? new Map(model.members).set(by, { ...place, hasSentSlowly: true })
        : model.members,
      rev: model.rev + 1,
    },
  };
}

function change(
  model: Model,
  by: string,
  place: Place,
  wish: Wish<"edit" | "delete" | "react" | "pin" | "vote" | "closePoll">,
): Result {
  const before = model.messages.get(wish.messageId);
  if (!before) return refused("not_found");
  const isDeleted = before.text === null;
  const { poll } = before;

  function changed(
    name: string,
    after: Said,
    emoji?: string,
  ): Result {
    const messages = new Map(model.messages).set(after.messageId, after);
    return {
      told: [{
        type: "message.updated",
        change: name,
        by: name === "voted" && poll?.anonymous ? undefined : by,
        emoji,
        message: shown(after),
      }],
      next: { ...model, messages, rev: model.rev + 1 },
    };
  }

  /** A pin that comes is told, one that goes is not. */
  function pinned(result: Result): Result {
    if ("refused" in result || !("active" in wish && wish.active)) {
      return result;
    }
    const { seq, messageId } = before!;
    return andTold(result.told, result.next, by, {
      type: "system",
      event: "pinned",
      seq,
      messageId: messageId as MessageId,
    });
  }

  switch (wish.kind) {
    case "edit":
      if (before.senderId !== by) return refused("forbidden");
      if (isDeleted || poll) return refused("conflict");
      return changed("edited", { ...before, text: wish.text, edited: true });
    case "delete":
      if (isDeleted) return unchanged(model);
      if (before.senderId !== by && !can(place, "deleteMessages")) {
        return refused("forbidden");
      }
      return changed("deleted", {
        ...before,
        text: null,
        reactions: [],
        poll: null,
        pinned: false,
      });
    case "react": {
      if (isDeleted) return refused("conflict");
      const { emoji, active } = wish;
      const who = new Map(before.reactions).get(emoji) ?? [];
      if (who.includes(by) === active) return unchanged(model);
      const then = active ? [...who, by] : who.filter((one) => one !== by);
      const reactions = [...new Map(before.reactions).set(emoji, then)]
        .filter(([, some]) => some.length > 0);
      const name = active ? "reacted" : "unreacted";
      return changed(name, { ...before, reactions }, emoji);
    }
    case "vote": {
      if (!poll || poll.closed) return refused("conflict");
      const options = [...new Set(wish.options)].sort();
      const isOffered = options.every((option) => option < pollOptions.length);
      if (!isOffered || (options.length > 1 && !poll.multiple)) {
        return refused("invalid_input");
      }
      const choices = new Map(poll.choices);
      if ((choices.get(by) ?? []).join() === options.join()) {
        return unchanged(model);
      }
      if (options.length > 0) choices.set(by, options);
      else choices.delete(by);
      return changed("voted", { ...before, poll: { ...poll, choices } });
    }
    case "closePoll":
      if (!poll) return refused("conflict");
      if (poll.closed) return unchanged(model);
      if (before.senderId !== by) return refused("forbidden");
      return changed("closed", { ...before, poll: { ...poll, closed: true } });
    case "pin":
      if (!can(place, "pinMessages")) return refused("forbidden");
      if (isDeleted) return refused("conflict");
      if (before.pinned === wish.active) return unchanged(model);
      return pinned(
        changed(wish.active ? "pinned" : "unpinned", {
          ...before,
          pinned: wish.active,
        }),
      );
  }
}

function add(
  model: Model,
  by: string,
  place: Place,
  userIds: readonly string[],
): Result {
  if (!can(place, "inviteMembers")) return refused("forbidden");
  // Nobody who is in is banned.
  if (userIds.some((userId) => model.banned.has(userId))) {
    return refused("forbidden");
  }
  const told: Told[] = [];
  const members = new Map(model.members);
  let { rev } = model;
  let memberCount = presentIn(model).length;
  for (const userId of new Set(userIds)) {
    if (members.get(userId)?.present) continue;
    members.set(userId, {
      role: "member",
      rights: [],
      hasSentSlowly: members.get(userId)?.hasSentSlowly ?? false,
      present: true,
      since: "",
      rev: ++rev,
      joinedSeq: model.messages.size,
    });
    memberCount++;
    told.push({ type: "member.joined", userId, role: "member", memberCount });
  }
  if (told.length === 0) return unchanged(model);
  const coming = told.flatMap((each) => "userId" in each ? [each.userId] : []);
  return andTold(told, { ...model, members, rev }, by, {
    type: "system",
    event: "memberJoined",
    userIds: coming as UserId[],
  });
}

function remove(
  model: Model,
  by: string,
  place: Place,
  userId: string,
): Result {
  const target = model.members.get(userId);
  if (!target?.present) return refused("not_found");
  if (userId !== by) {
    if (!can(place, "banMembers")) return refused("forbidden");
    if (strength[place.role] <= strength[target.role]) {
      return refused("forbidden");
    }
  }
  const told: Told[] = [];
  const members = new Map(model.members);
  let { rev, messages } = model;
  if (target.role === "owner") {
    const heir = heirOf(model, userId);
    members.set(heir, { ...members.get(heir)!, role: "owner" });
    told.push(updated(heir, "owner"));
    const { said, next } = tell(
      { ...model, rev: model.rev + 1 },
      by,
      {
        type: "system",
        event: "ownerChanged",
        userId: heir as UserId,
      },
    );
    told.push(said);
    messages = next.messages;
    rev = next.rev;
  }
  members.set(userId, {
    ...target,
    role: "member",
    rights: [],
    present: false,
  });
  const memberCount = presentIn(model).length - 1;
  told.push({ type: "member.left", userId, role: "member", memberCount });
  return andTold(
    told,
    { ...model, members, messages, rev: rev + 1 },
    by,
    userId === by ? { type: "system", event: "memberLeft" } : {
      type: "system",
      event: "memberRemoved",
      userId: userId as UserId,
    },
  );
}

/** Out, and kept out. Of somebody who is not in nobody is told. */
function ban(
  model: Model,
  by: string,
  place: Place,
  userId: string,
): Result {
  if (!can(place, "banMembers")) return refused("forbidden");
  const target = model.members.get(userId);
  if (target?.present && strength[place.role] <= strength[target.role]) {
    return refused("forbidden");
  }
  if (model.banned.has(userId)) return unchanged(model);
  const banned = new Set(model.banned).add(userId);
  const next = { ...model, banned };
  return target?.present ? remove(next, by, place, userId) : { told: [], next };
}

/** The longest-standing admin, else member; of two who came at one moment, the lower id. */
function heirOf(model: Model, owner: string): string {
  const heirs = presentIn(model)
    .filter(([userId]) => userId !== owner)
    .sort(([idA, a], [idB, b]) =>
      strength[b.role] - strength[a.role] ||
      (`${a.since} ${idA}` < `${b.since} ${idB}` ? -1 : 1)
    );
  return heirs[0]![0];
}

/** How the others are told of a member's role and rights. */
const updated = (
  userId: string,
  role: Role,
  rights: readonly AdminRight[] = [],
): Told => ({
  type: "member.updated",
  userId,
  role,
  rights: rightsOf({ role, rights }),
});

function setRole(
  model: Model,
  by: string,
  place: Place,
  { userId, role }: { readonly userId: string; readonly role: Role },
  wish?: readonly AdminRight[],
): Result {
  const target = model.members.get(userId);
  if (!target?.present) return refused("not_found");
  const rights = role !== "admin"
    ? []
    : wish
    ? adminRights.filter((right) => wish.includes(right))
    : target.role === "admin"
    ? target.rights
    : usual.filter((right) => can(place, right));
  const after = { ...target, role, rights };
  const isSame = target.role === role &&
    rightsOf(target).join() === rightsOf(after).join();
  if (place.role !== "owner") {
    if (userId === by) {
      if (role !== "member" && !isSame) return refused("forbidden");
    } else if (
      !can(place, "promoteMembers") || target.role === "owner" ||
      role === "owner" ||
      (target.role === "admin" && !standsOver(place, target)) ||
      !rights.every((right) => can(place, right))
    ) return refused("forbidden");
  }
  if (isSame) return unchanged(model);
  if (target.role === "owner") return refused("forbidden");
  const members = new Map(model.members).set(userId, after);
  const told = [updated(userId, role, rights)];
  let rev = model.rev + 1;
  if (role !== "owner") return { told, next: { ...model, members, rev } };
  members.set(by, { ...place, role: "admin", rights: usual });
  told.push(updated(by, "admin", usual));
  rev++;
  return andTold(told, { ...model, members, rev }, by, {
    type: "system",
    event: "ownerChanged",
    userId: userId as UserId,
  });
}

/** Whether the other has some of the same rights, and no others. */
const standsOver = (place: Place, other: Place) =>
  other.rights.every((right) => can(place, right)) &&
  other.rights.length < rightsOf(place).length;
