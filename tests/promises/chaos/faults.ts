import type { PostgresServer } from "../../support/postgres_server.ts";
import type { Fault } from "./fault.ts";
import type { FaultControl } from "./fault_control.ts";
import type { Fleet } from "./fleet.ts";
import { pause } from "./pause.ts";
import { type FaultCounts, healthy, type RelayFault } from "./relay_fault.ts";

/** Announcements that a fault of the relay should meet, and how much longer it stands for that. */
const meets = { announcements: 20, withinMs: 5000 } as const;

/** What can be done to announcements of any driver. */
export function relayFaults(
  control: FaultControl,
  holdMs: Fault["holdMs"],
): Fault[] {
  const kinds: [string, keyof FaultCounts, Partial<RelayFault>][] = [
    ["relay drops half", "dropped", { drop: 0.5 }],
    ["relay repeats half", "repeated", { repeat: 0.5 }],
    ["relay is late", "delayed", { delayMs: 3000 }],
    ["relay is cut", "cutOff", { cut: true }],
  ];
  return kinds.map(([name, count, fault]) => ({
    name,
    hits: "relay",
    holdMs,
    inject() {
      const before = control.counts[count];
      control.set({ ...healthy, ...fault });
      return Promise.resolve(async () => {
        const giveUpAt = performance.now() + meets.withinMs;
        while (
          control.counts[count] - before < meets.announcements &&
          performance.now() < giveUpAt
        ) await pause(50);
        control.set(healthy);
      });
    },
  }));
}

/** What can be done to one process. */
export function processFaults(
  fleet: Fleet,
  pauseMs: Fault["holdMs"],
): Fault[] {
  const hits = "process";
  const processes = fleet.urls.length;
  return [
    {
      name: "process killed",
      hits,
      processes,
      holdMs: [200, 1000],
      async inject(process) {
        await fleet.kill(process);
        return () => fleet.start(process);
      },
    },
    {
      name: "process paused",
      hits,
      processes,
      holdMs: pauseMs,
      inject(process) {
        fleet.suspend(process);
        return Promise.resolve(() => {
          fleet.resume(process);
          return Promise.resolve();
        });
      },
    },
    {
      name: "process drained",
      hits,
      processes,
      holdMs: [0, 200],
      async inject(process) {
        await fleet.drain(process);
        return () => fleet.start(process);
      },
    },
  ];
}

/** What can be done to the database. */
export function databaseFaults(server: PostgresServer): Fault[] {
  const hits = "database";
  return [
    {
      name: "Postgres restarted",
      hits,
      holdMs: [200, 1000],
      async inject() {
        await server.stop();
        return () => server.start();
      },
    },
    {
      name: "Postgres killed",
      hits,
      holdMs: [200, 1000],
      async inject() {
        await server.kill9();
        return () => server.start();
      },
    },
  ];
}
