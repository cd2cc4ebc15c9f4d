import type { Person } from "../../support/peer.ts";
import { isPollId, newPollId } from "./content.ts";
import type { Operation, Plan } from "./operation.ts";

const emoji = ["👍", "❤️", "😂", "🎉"] as const;
const grants = [
  ["promoteMembers", "pinMessages", "changeInfo"],
  ["deleteMessages", "pinMessages"],
  ["inviteMembers", "banMembers", "promoteMembers"],
  [],
] as const;
const choices = [[[], [0, 2], [3], [1]], [[0], [1], [2], [0]]] as const;
const roles = ["owner", "admin", "member"] as const;

/**
 * Makes a plan concrete among the people and messages there are. Messages are those that somebody
 * has begun to send, whether or not they arrived; a new one is added to them.
 */
export function wishOf(
  plan: Plan,
  people: readonly Pick<Person, "userId">[],
  messageIds: string[],
  lastSeq: number,
): Operation {
  const { message, choice, active } = plan;
  const person = people[plan.person]!.userId;
  const other = people[plan.other]!.userId;
  const count = messageIds.length;
  const messageId = messageIds[count - 1 - message % Math.max(count, 1)] ??
    crypto.randomUUID();
  const text = `${plan.kind} ${count} by ${plan.actor}, ${choice}`;

  switch (plan.kind) {
    case "send": {
      const isRepeated = choice === 3 && active;
      const replyTo = choice === 0 ? messageId : null;
      if (isRepeated) return { kind: "send", messageId, text, replyTo: null };
      const isPoll = choice === 1 && active;
      const fresh = isPoll ? newPollId() : crypto.randomUUID();
      messageIds.push(fresh);
      const wish = { kind: "send", messageId: fresh, text, replyTo } as const;
      const anonymous = plan.person % 2 === 0;
      const multiple = plan.other % 2 === 0;
      return isPoll ? { ...wish, poll: { anonymous, multiple } } : wish;
    }
    case "vote":
    case "closePoll": {
      const polls = messageIds.filter(isPollId);
      const poll =
        polls[polls.length - 1 - message % Math.max(polls.length, 1)];
      const target = { messageId: poll ?? messageId };
      return plan.kind === "vote"
        ? { kind: "vote", ...target, options: choices[active ? 1 : 0][choice]! }
        : { kind: "closePoll", ...target };
    }
    case "edit":
      return { kind: "edit", messageId, text };
    case "react":
      return { kind: "react", messageId, emoji: emoji[choice]!, active };
    case "pin":
      return { kind: "pin", messageId, active };
    case "read":
      return { kind: "read", seq: Math.max(0, lastSeq - message) };
    case "add":
      // Where one of them is banned, nobody comes.
      return { kind: "add", userIds: choice < 2 ? [person] : [person, other] };
    case "remove":
    case "ban": {
      // The one who watches has to stay.
      const [watcher, ...rest] = people.map(({ userId }) => userId);
      const isOwn = plan.kind === "remove" && active && plan.actor > 0;
      const whom = isOwn ? people[plan.actor]!.userId : person;
      const userId = whom === watcher ? rest[choice % rest.length]! : whom;
      return { kind: plan.kind, userId };
    }
    case "unban":
      return { kind: "unban", userId: person };
    case "setRole":
      return { kind: "setRole", userId: person, role: roles[choice % 3]! };
    case "grant":
      // The one who watches keeps what she may do, so that those who went come back.
      return {
        kind: "grant",
        userId: person === people[0]!.userId
          ? people[1 + choice]!.userId
          : person,
        rights: grants[message % 4]!,
      };
    case "slow":
      // Mostly off, so that there is somebody to speak.
      return { kind: "slow", active: active && choice === 0 };
    case "rename":
      return { kind: "rename", title: `Title ${choice}` };
    case "delete":
    case "hide":
      return { kind: plan.kind, messageId };
    case "reconnect":
      throw new Error("Reconnecting is nothing to ask the service for");
  }
}
