import type { User } from "../protocol/accounts.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import type { Content } from "../protocol/messages.ts";

/** As usernames are written, after an @ that is not part of an address. */
const named = /(?<![\p{L}\p{N}_.@])@([a-z][a-z0-9_.]*)/giu;

/**
 * The text as content in which each `@username` of these people means that person, for `send`. The
 * service keeps it where the person is in the chat.
 */
export function markMentions(
  text: string,
  people: Iterable<Pick<User, "userId" | "username">>,
): Extract<Content, { type: "text" }> {
  const byName = new Map<string, UserId>();
  for (const { username, userId } of people) {
    if (username !== null) byName.set(username, userId);
  }
  const entities = [...text.matchAll(named)].flatMap(({ index, 1: found }) => {
    const written = found!.toLowerCase();
    // The full stop may end the sentence.
    const name = [written, written.replace(/\.+$/, "")]
      .find((one) => byName.has(one));
    return name === undefined ? [] : [{
      type: "mention" as const,
      offset: index,
      length: name.length + 1,
      userId: byName.get(name)!,
    }];
  }).slice(0, limits.entitiesPerText);
  return {
    type: "text",
    text,
    ...(entities.length > 0 && { entities }),
  };
}
