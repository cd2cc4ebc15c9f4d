/**
 * Promise 5 across processes: a device that is signed out is closed, and a person who is removed hears
 * nothing more, on another process too; within a second while the relay works, within the sweep
 * interval while it does not.
 */
import assert from "node:assert/strict";
import { migrate } from "../../src/db/migrate.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import { testServer } from "../support/database.ts";
import {
  call,
  groupOf,
  type Line,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { needsPostgres, startPostgres } from "../support/postgres_server.ts";
import { say } from "../support/say.ts";
import { newKeys } from "../support/service.ts";
import { type Driver, drivers } from "./chaos/driver.ts";
import { type FaultControl, startFaultControl } from "./chaos/fault_control.ts";
import { startFleet } from "./chaos/fleet.ts";
import { healthy } from "./chaos/relay_fault.ts";

// It brings a server of its own; where the tests run on both kinds of database, once is enough.
const ignore = needsPostgres().ignore || testServer === null;
/** Devices, so that where a process has several isolates some are on another one. */
const devices = 6;
/** What it may take beside what is promised, on a busy machine, in milliseconds. */
const slackMs = 3000;
const sweepMs = 1000;
/** So long that nothing but the relay can have told. */
const neverMs = 60_000;

/** Two processes, and how to reach the one that acts and the one that has to hear of it. */
interface Stage extends AsyncDisposable {
  readonly here: string;
  readonly there: string;
  readonly control: FaultControl;
}

async function stage(
  { name, isolates, start, reach }: Driver,
  env: Record<string, string>,
): Promise<Stage> {
  await using cleanup = new AsyncDisposableStack();
  const ground = cleanup.use(await start());
  const control = cleanup.use(startFaultControl());
  const { urls: [here, there] } = cleanup.use(
    await startFleet({
      processes: 2,
      isolates,
      env: {
        RELAY: name,
        FAULT_CONTROL: control.address,
        ...ground.env,
        ...env,
      },
    }),
  );
  const stack = cleanup.move();
  return {
    here: here!,
    // What reaches only the isolates of a process is tested within one.
    there: reach === "isolates" ? here! : there!,
    control,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Another sign-in of the same person. */
async function anotherDevice(url: string, person: Person): Promise<Person> {
  const body = { login: person.username, password };
  const made = await call<Session>(url, "POST", "/auth/login", { body });
  assert.equal(made.status, 200);
  return personOf(url, made.body);
}

/** How long each takes from now on, in milliseconds; fails when it takes longer than it may. */
async function timed(
  what: string,
  limitMs: number,
  news: readonly Promise<unknown>[],
): Promise<void> {
  const since = performance.now();
  const took = await Promise.all(news.map(async (one) => {
    await one;
    return Math.round(performance.now() - since);
  }));
  const worst = Math.max(...took);
  console.log(`${what}: ${took.sort((a, b) => a - b).join(", ")} ms`);
  assert.ok(worst < limitMs + slackMs, `${what} took ${worst} ms`);
}

async function signOut(
  { here, there }: Stage,
  limitMs: number,
): Promise<void> {
  const ann = await newPerson(here);
  const others = await Promise.all(
    Array.from({ length: devices }, () => anotherDevice(there, ann)),
  );
  const lines = await Promise.all(others.map((device) => device.connect()));
  await Promise.all(others.map(async ({ session }) => {
    const path = `/me/devices/${session.device.deviceId}`;
    assert.equal((await ann.call("DELETE", path)).status, 204);
  }));
  await timed(
    "closed after the sign-out was answered",
    limitMs,
    lines.map(({ closed }) => closed),
  );
  for (const { closed } of lines) assert.equal((await closed).code, 4401);
}

async function remove({ here, there }: Stage, limitMs: number): Promise<void> {
  const [ann, ...others] = await Promise.all(
    Array.from({ length: devices + 1 }, () => newPerson(here)),
  );
  const chatId = await groupOf(ann!, ...others);
  await using cleanup = new AsyncDisposableStack();
  const anns = cleanup.use(await ann!.connect());
  const lines = await Promise.all(
    others.map(async ({ session }) =>
      cleanup.use(await personOf(there, session).connect())
    ),
  );
  await Promise.all(others.map(async ({ userId }) => {
    const path = `/chats/${chatId}/members/${userId}`;
    assert.equal((await ann!.call("DELETE", path)).status, 204);
  }));
  await timed(
    "told after the removal was answered",
    limitMs,
    lines.map(toldOut),
  );

  // What could still reach them, with a rev and without one, and then something that does.
  const before = lines.map(({ events }) => events.length);
  await anns.ask({ type: "typing", chatId, active: true });
  await say(anns, chatId, "Among ourselves");
  await Promise.all(lines.map(async (line, i) => {
    const next = await groupOf(ann!, others[i]!);
    await toldOf(line, next, before[i]!);
  }));
  lines.forEach(({ events }, i) => {
    const strays = events.slice(before[i]).filter((event) =>
      "chatId" in event && event.chatId === chatId
    );
    assert.deepEqual(strays, []);
  });
}

/** Resolves once a line is told that its person is out of a chat, or has to ask. */
const toldOut = (line: Line) =>
  Promise.race([line.heard("chat.deleted"), line.heard("account.behind")]);

/** Resolves once a line is told of a chat, or after `known` events that there is something to ask for. */
const toldOf = (line: Line, chatId: string, known: number) =>
  Promise.race([
    line.heard("chat.created", (event) => event.chatId === chatId),
    line.heard(
      "account.behind",
      (event) => line.events.indexOf(event) >= known,
    ),
  ]);

for (const driver of drivers) {
  Deno.test(
    `promise 5 on another process: ${driver.name} relay`,
    { ignore },
    async (t) => {
      await using server = await startPostgres();
      await migrate(server.url);
      // What the first stage has sealed is still there when the second one starts.
      const keys = newKeys();
      const on = (sweepMs: number) =>
        stage(driver, {
          ...keys,
          DATABASE_URL: server.url,
          SWEEP_MS: String(sweepMs),
        });
      if (driver.reach !== "nothing") {
        await using up = await on(neverMs);
        await t.step("relay up, signed out", () => signOut(up, 1000));
        await t.step("relay up, removed", () => remove(up, 1000));
      }
      await using down = await on(sweepMs);
      down.control.set({ ...healthy, cut: true });
      await t.step("relay down, signed out", () => signOut(down, sweepMs));
      await t.step("relay down, removed", () => remove(down, sweepMs));
    },
  );
}
