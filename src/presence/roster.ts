import type { UserId } from "../protocol/ids.ts";

/** Any value that stands for one connection. */
export interface Connected {
  readonly userId: UserId;
}

/** Who is on this isolate: a person is while any of her connections is active, and a while longer. */
export interface Roster {
  /** Counts an active connection in. */
  enter(connection: Connected): void;
  /** Counts it out. */
  leave(connection: Connected): void;
  people(): Iterable<UserId>;
  readonly size: number;
  /** Counts nobody in or out any more. Answers with everyone here, and when each left or would now. */
  close(): Map<UserId, number>;
}

export interface RosterParts {
  /** How long a person stays after her last connection went, in milliseconds. */
  readonly graceMs: number;
  /** Milliseconds that never run backwards. */
  now(): number;
  onCome(userId: UserId): void;
  /** `leftAt`: when the last connection went. */
  onGo(userId: UserId, leftAt: number): void;
}

interface Person {
  readonly active: Set<Connected>;
  leftAt: number;
  /** Runs while the last connection is gone and she is not. */
  grace: ReturnType<typeof setTimeout> | undefined;
}

/** A phone that changes networks comes back within the grace time, and nobody hears of it. */
export function createRoster(parts: RosterParts): Roster {
  const { graceMs, now, onCome, onGo } = parts;
  const people = new Map<UserId, Person>();
  let isClosed = false;

  function go(userId: UserId, { leftAt }: Person) {
    people.delete(userId);
    onGo(userId, leftAt);
  }

  return {
    enter(connection) {
      if (isClosed) return;
      const { userId } = connection;
      const known = people.get(userId);
      const person = known ??
        { active: new Set(), leftAt: 0, grace: undefined };
      clearTimeout(person.grace);
      person.grace = undefined;
      person.active.add(connection);
      if (known) return;
      people.set(userId, person);
      onCome(userId);
    },

    leave(connection) {
      const { userId } = connection;
      const person = people.get(userId);
      if (!person?.active.delete(connection) || person.active.size > 0) return;
      person.leftAt = now();
      person.grace = setTimeout(() => go(userId, person), graceMs);
    },

    people: () => people.keys(),
    get size() {
      return people.size;
    },

    close() {
      isClosed = true;
      const lastHere = new Map<UserId, number>();
      for (const [userId, { active, leftAt, grace }] of people) {
        clearTimeout(grace);
        lastHere.set(userId, active.size > 0 ? now() : leftAt);
      }
      people.clear();
      return lastHere;
    },
  };
}
