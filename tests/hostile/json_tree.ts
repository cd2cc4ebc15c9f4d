import type { IdName } from "./cast.ts";

/**
 * JSON as it is written, so that a case can say what no value can: a name twice, a number beyond
 * every number, an id that is known only when the case runs.
 */
export type Tree =
  | { readonly token: string }
  | { readonly text: string }
  | { readonly id: IdName }
  | { readonly items: readonly Tree[] }
  | { readonly members: readonly (readonly [string, Tree])[] };

export const text = (value: string): Tree => ({ text: value });
export const token = (value: string): Tree => ({ token: value });

/** A change at one place of a tree, counted from the root in the order of writing. */
export interface Edit {
  readonly at: number;
  readonly how: "replace" | "drop" | "add" | "double" | "wrap";
  readonly name: string;
  readonly tree: Tree;
}

export type ResolveId = (name: IdName) => string;

export function write(tree: Tree, idOf: ResolveId): string {
  if ("token" in tree) return tree.token;
  if ("text" in tree) return JSON.stringify(tree.text);
  if ("id" in tree) return JSON.stringify(idOf(tree.id));
  if ("items" in tree) {
    return `[${tree.items.map((item) => write(item, idOf)).join(",")}]`;
  }
  const members = tree.members.map(([name, member]) =>
    `${JSON.stringify(name)}:${write(member, idOf)}`
  );
  return `{${members.join(",")}}`;
}

export function edit(tree: Tree, edits: readonly Edit[]): Tree {
  return edits.reduce((edited, one) => {
    const at = one.at % size(edited);
    return change(edited, at, one);
  }, tree);
}

function children(tree: Tree): readonly Tree[] {
  if ("items" in tree) return tree.items;
  if ("members" in tree) return tree.members.map(([, member]) => member);
  return [];
}

const size = (tree: Tree): number =>
  children(tree).reduce((sum, child) => sum + size(child), 1);

function change(tree: Tree, at: number, how: Edit): Tree {
  if (at === 0) return changed(tree, how);
  let rest = at - 1;
  const next = children(tree).map((child) => {
    const here = rest;
    rest -= size(child);
    return here >= 0 && rest < 0 ? change(child, here, how) : child;
  });
  return "members" in tree
    ? { members: tree.members.map(([name], i) => [name, next[i]!]) }
    : { items: next };
}

function changed(tree: Tree, { how, name, tree: other }: Edit): Tree {
  if (how === "wrap") return { items: [tree] };
  if (how === "replace" || !("members" in tree || "items" in tree)) {
    return other;
  }
  const first = Math.max(0, name.length % Math.max(1, children(tree).length));
  if ("items" in tree) {
    const { items } = tree;
    if (how === "drop") return { items: items.toSpliced(first, 1) };
    return {
      items: [...items, how === "double" ? items[first] ?? other : other],
    };
  }
  const { members } = tree;
  if (how === "drop") return { members: members.toSpliced(first, 1) };
  const doubled = how === "double" ? members[first]?.[0] : undefined;
  return { members: [...members, [doubled ?? name, other]] };
}
