import { figure, row } from "./figure.ts";
import type { LargeChat, LargeChats, Step } from "./parts/large_chats.ts";

const labels: Record<Step, string> = {
  firstMembers: "first page of the members",
  middleMembers: "page in the middle of them",
  join: "join",
  leave: "leave",
  post: "post",
  history: "page of the history",
  read: "read, counted as views",
  changes: "changes from the start",
  chatList: "chat list with unread counts",
  hello: "hello",
};

/** A column a size, and how many times the smallest the largest costs. */
export const largeChatsLines = (chats: LargeChats): string[] =>
  chats.flatMap(linesOf);

function linesOf({ kind, sizes, p50Ms, joinsAtOnce }: LargeChat): string[] {
  const line = (label: string, ms: readonly number[], digits: number) =>
    row(`  ${label}, ms`, [
      ...ms.map((value) => figure(value, digits)),
      figure(ratio(ms), 2),
    ]);
  return [
    row(`${kind}s of so many, p50`, [
      ...sizes.map((size) => figure(size)),
      "ratio",
    ]),
    ...(Object.keys(labels) as Step[]).map((step) =>
      line(labels[step], p50Ms[step], 1)
    ),
    line(`${joinsAtOnce.count} joins at once`, joinsAtOnce.ms, 0),
  ];
}

/** How many times the smallest the largest costs. */
export const ratio = (ms: readonly number[]) => ms.at(-1)! / ms[0]!;
