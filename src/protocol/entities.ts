import { z } from "zod";
import { UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { text } from "./text.ts";

const place = {
  offset: z.int().min(0).max(limits.textLength).meta({
    description: "Where it begins in the text, in UTF-16 units",
    examples: [0],
  }),
  length: z.int().min(1).max(limits.textLength).meta({
    description: "How long it is, in UTF-16 units",
    examples: [5],
  }),
};

const StyleEntity = z.strictObject({
  type: z.enum(["bold", "italic", "strikethrough", "code", "pre", "quote"]),
  ...place,
}).meta({ id: "StyleEntity", description: "How a part of the text looks" });

const linkText = /^(https?:\/\/|mailto:)[^\s\p{Cc}]+$/iu;

export const LinkUrl = text(1, limits.linkLength).refine(
  (url) => linkText.test(url) && URL.canParse(url),
  { error: "Must be an http:, https: or mailto: address" },
).meta({
  id: "LinkUrl",
  description: "An `http:`, `https:` or `mailto:` address",
  examples: ["https://example.org/"],
});

const LinkEntity = z.strictObject({
  type: z.literal("link"),
  ...place,
  url: LinkUrl,
}).meta({ id: "LinkEntity", description: "A part of the text that leads on" });

const MentionEntity = z.strictObject({
  type: z.literal("mention"),
  ...place,
  userId: UserId.optional(),
  everyone: z.literal(true).optional(),
}).refine(
  ({ userId, everyone }) => (userId === undefined) !== (everyone === undefined),
  { error: "Must name either userId or everyone" },
).meta({
  id: "MentionEntity",
  description:
    "Somebody who is meant: a present member by `userId`, or `everyone`, for which it takes an admin. Any other mention stays plain text: the message is stored without it",
});

/** What a part of a text is, beside words. */
export const Entity = z.discriminatedUnion("type", [
  StyleEntity,
  LinkEntity,
  MentionEntity,
]).meta({ id: "Entity", description: "What a part of the text is" });
export type Entity = z.infer<typeof Entity>;

export const Entities = z.array(Entity).max(limits.entitiesPerText).meta({
  description:
    "Sorted by `offset`, of those that begin together the longest first. They lie one in another or apart, never across; `code` and `pre` hold nothing, links and mentions no links or mentions, none its own kind. None splits a surrogate pair",
});

/** What is wrong with the entities of a text, and with which of them; undefined where nothing is. */
export function entityFault(
  text: string,
  entities: readonly Entity[],
): { readonly index: number; readonly message: string } | undefined {
  const around: Entity[] = [];
  for (const [index, entity] of entities.entries()) {
    const message = placeFault(text, entity) ??
      orderFault(entities[index - 1], entity);
    if (message) return { index, message };
    while (around.length > 0 && endOf(around.at(-1)!) <= entity.offset) {
      around.pop();
    }
    const nesting = nestingFault(around, entity);
    if (nesting) return { index, message: nesting };
    around.push(entity);
  }
}

const endOf = ({ offset, length }: Entity) => offset + length;

function placeFault(text: string, entity: Entity): string | undefined {
  if (endOf(entity) > text.length) return "Must lie inside the text";
  if (splitsPair(text, entity.offset) || splitsPair(text, endOf(entity))) {
    return "Must not split a surrogate pair";
  }
}

/** Whether the unit at a place of well-formed text belongs to the one before it. */
const splitsPair = (text: string, at: number) =>
  (text.charCodeAt(at) & 0xfc00) === 0xdc00;

function orderFault(before: Entity | undefined, entity: Entity) {
  if (!before || before.offset < entity.offset) return undefined;
  const isInOrder = before.offset === entity.offset &&
    before.length >= entity.length;
  if (!isInOrder) return "Must not come after one that begins later";
}

const leads = ({ type }: Entity) => type === "link" || type === "mention";

/** `around` are the ones that hold its first unit, each inside the one before it. */
function nestingFault(around: readonly Entity[], entity: Entity) {
  const innermost = around.at(-1);
  if (!innermost) return undefined;
  if (endOf(entity) > endOf(innermost)) {
    return "Must not reach out of the one that it begins in";
  }
  if (innermost.type === "code" || innermost.type === "pre") {
    return `Must not stand in ${innermost.type}`;
  }
  for (const outer of around) {
    if (outer.type === entity.type || (leads(outer) && leads(entity))) {
      return `Must not stand in a ${outer.type}`;
    }
  }
}
