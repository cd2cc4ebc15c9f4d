/** Choices that a seed gives again, whatever the machine does between two of them. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  int(below: number): number;
  between(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
  /** Choices of their own, which do not depend on how many were made here. */
  fork(name: string | number): Random;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  /** Mulberry32: good enough to choose, and four lines. */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  const int = (below: number) => Math.floor(next() * below);

  return {
    next,
    int,
    between: (from, to) => from + next() * (to - from),
    chance: (share) => next() < share,
    pick: <T>(from: readonly T[]) => from[int(from.length)]!,
    shuffled<T>(list: readonly T[]) {
      const left = [...list];
      return list.map(() => left.splice(int(left.length), 1)[0]!);
    },
    fork(name) {
      let hash = seed ^ 0x811c9dc5;
      for (const letter of String(name)) {
        hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
      }
      return createRandom(hash);
    },
  };
}
