import assert from "node:assert/strict";
import type { ChatPicture } from "../../support/fresh_read.ts";

/** Where two pictures of a chat differ first, in a sentence; undefined where they do not. */
export function difference(
  has: ChatPicture,
  fresh: ChatPicture,
): string | undefined {
  return differ("rev", has.rev, fresh.rev) ??
    differ("chat", has.chat, fresh.chat) ??
    differ("member", has.members, fresh.members) ??
    differ("message", has.messages, fresh.messages) ??
    differ("receipt", has.receipts, fresh.receipts);
}

function differ(
  what: string,
  has: unknown,
  fresh: unknown,
): string | undefined {
  if (has instanceof Map && fresh instanceof Map) {
    const keys = [...new Set([...has.keys(), ...fresh.keys()])].sort((a, b) =>
      a < b ? -1 : 1
    );
    for (const key of keys) {
      const found = differ(`${what} ${key}`, has.get(key), fresh.get(key));
      if (found) return found;
    }
    return;
  }
  try {
    assert.deepEqual(has, fresh);
  } catch {
    const [a, b] = onlyDifferent(has, fresh).map((part) =>
      JSON.stringify(part)
    );
    return `${what} is ${a}, freshly read ${b}`;
  }
}

/** Of two objects, the fields in which they differ. */
function onlyDifferent(has: unknown, fresh: unknown): [unknown, unknown] {
  if (!isRecord(has) || !isRecord(fresh)) return [has, fresh];
  const names = [...new Set([...Object.keys(has), ...Object.keys(fresh)])]
    .filter((name) =>
      JSON.stringify(has[name]) !== JSON.stringify(fresh[name])
    );
  const part = (of: Record<string, unknown>) =>
    Object.fromEntries(names.map((name) => [name, of[name]]));
  return [part(has), part(fresh)];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
