import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import {
  type Database,
  isContention,
  openDatabase,
  sqlState,
} from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { needsPostgres, startPostgres } from "../support/postgres_server.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

const queryMs = 800;
/** What a refusal may take on a busy machine, above the limit. */
const lateMs = 1500;

const unavailable = (error: unknown) =>
  error instanceof Problem && error.code === "unavailable";

/** Rejects with `unavailable`, and in time. */
async function refusedInTime(call: Promise<unknown>): Promise<void> {
  const since = performance.now();
  await assert.rejects(call, unavailable);
  const took = performance.now() - since;
  assert.ok(took < queryMs + lateMs, `took ${took} ms`);
}

/** Waits for the database to answer again. */
async function recovered(database: Database): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      await database.run(sql`select 1`);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const backendPid = sql<{ pid: number }>`select pg_backend_pid() as pid`;

Deno.test("a faulty Postgres", needsPostgres(), async (t) => {
  await using server = await startPostgres({
    max_connections: "20",
    deadlock_timeout: "50ms",
  });
  const open = (connections = 4, url = server.url) =>
    openDatabase({ url, connections, queryMs });
  await using database = open();
  await using other = open();
  await database.run(sql`create table things (name text unique)`);
  const end = (pid: number) =>
    other.run(sql`select pg_terminate_backend(${pid}, 5000)`);
  const count = async () => {
    const [[row]] = await other.run(
      sql<{ n: number }>`select count(*) as n from things`,
    );
    return row!.n;
  };

  await t.step("an idle connection that is ended goes unnoticed", async () => {
    const [[row]] = await database.run(backendPid);
    await end(row!.pid);
    await database.run(sql`select 1`);
  });

  await t.step("a query whose session is ended is refused", async () => {
    await using single = open(1);
    const [[row]] = await single.run(backendPid);
    const sleeping = refusedInTime(single.run(sql`select pg_sleep(5)`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await end(row!.pid);
    await sleeping;
    await single.run(sql`select 1`);
  });

  await t.step("a transaction never goes on in another session", async () => {
    for (const last of ["run", "commit"] as const) {
      const work = database.transaction(async (tx) => {
        const [[row]] = await tx.run(
          backendPid,
          sql`insert into things values ('before')`,
        );
        await end(row!.pid);
        await tx[last](sql`insert into things values ('after')`);
      });
      await refusedInTime(work);
      assert.equal(await count(), 0);
    }
  });

  await t.step(
    "a statement past its time is refused, and its connection kept",
    async () => {
      await using single = open(1);
      const [[before]] = await single.run(backendPid);
      await refusedInTime(single.run(sql`select pg_sleep(5)`));
      await refusedInTime(
        single.transaction((tx) => tx.run(sql`select pg_sleep(5)`)),
      );
      const [[after]] = await single.run(backendPid);
      assert.equal(after!.pid, before!.pid);
    },
  );

  await t.step("a lock that is not given in time is refused", async () => {
    await database.transaction(async (tx) => {
      await tx.run(sql`insert into things values ('locked')`);
      await refusedInTime(other.run(sql`insert into things values ('locked')`));
    });
    await database.run(sql`delete from things`);
  });

  await t.step("a transaction that lingers loses its locks", async () => {
    const lingering = database.transaction(async (tx) => {
      await tx.run(sql`insert into things values ('lingering')`);
      await new Promise((resolve) => setTimeout(resolve, queryMs * 2));
      await tx.run(sql`select 1`);
    });
    await Promise.all([
      refused(lingering),
      (async () => {
        await new Promise((resolve) => setTimeout(resolve, queryMs));
        await other.run(sql`insert into things values ('lingering')`);
      })(),
    ]);
    await database.run(sql`delete from things`);
  });

  await t.step("a deadlock is contention", async () => {
    await database.run(sql`insert into things values ('a'), ('b')`);
    const both = Promise.withResolvers<void>();
    let holding = 0;
    const cross = (first: string, second: string) =>
      database.transaction(async (tx) => {
        await tx.run(sql`update things set name = name where name = ${first}`);
        if (++holding === 2) both.resolve();
        await both.promise;
        await tx.run(sql`update things set name = name where name = ${second}`);
      });
    const ends = await Promise.allSettled([cross("a", "b"), cross("b", "a")]);
    const [lost] = ends.filter((end) => end.status === "rejected");
    assert.equal(sqlState(lost!.reason), "40P01");
    assert.ok(isContention(lost!.reason));
    await database.run(sql`delete from things`);
  });

  await t.step(
    "a server that takes no more connections is unavailable",
    async () => {
      const hogs = Array.from(
        { length: 20 },
        () => new Connection(server.url, queryMs),
      );
      try {
        await Promise.allSettled(hogs.map((hog) => hog.query("select 1")));
        await using late = open(1);
        await refusedInTime(late.run(sql`select 1`));
      } finally {
        await Promise.all(hogs.map((hog) => hog.end(0)));
      }
      await recovered(database);
    },
  );

  await t.step(
    "a server that is away is unavailable until it is back",
    async () => {
      await server.stop();
      await using fresh = open();
      for (const each of [database, fresh]) {
        await refusedInTime(each.run(sql`select 1`));
        await refusedInTime(each.snapshot(sql`select 1`));
        await refusedInTime(each.transaction((tx) => tx.run(sql`select 1`)));
      }
      await server.start();
      await recovered(database);
      await recovered(fresh);
    },
  );

  await t.step(
    "a server killed under load loses nothing acknowledged",
    async () => {
      const acknowledged: string[] = [];
      let killed = false;
      const client = async (id: number) => {
        for (let n = 0; !killed; n++) {
          const name = `${id}-${n}`;
          try {
            await database.transaction(async (tx) => {
              await tx.run(sql`select 1`);
              await tx.commit(sql`insert into things values (${name})`);
            });
            acknowledged.push(name);
          } catch (error) {
            assert.ok(unavailable(error), String(error));
          }
        }
      };
      const clients = Array.from({ length: 20 }, (_, id) => client(id));
      while (acknowledged.length < 200) {
        await new Promise((r) => setTimeout(r, 5));
      }
      await server.kill9();
      killed = true;
      await Promise.all(clients);
      await server.start();
      await recovered(database);
      const [stored] = await database.run(
        sql<{ name: string }>`select name from things`,
      );
      const names = new Set(stored.map(({ name }) => name));
      assert.deepEqual(acknowledged.filter((name) => !names.has(name)), []);
      assert.ok(acknowledged.length >= 200);
    },
  );

  await t.step("a network that swallows everything is survived", async () => {
    await using proxy = startTcpProxy(server.port);
    const url = server.url.replace(String(server.port), String(proxy.port));
    await using remote = open(2, url);
    const useBoth = () =>
      Promise.all([1, 2].map(() => remote.run(sql`select pg_sleep(0.1)`)));
    await useBoth();
    const stuck = remote.transaction(async (tx) => {
      await tx.run(sql`insert into things values ('stuck')`);
      proxy.swallow();
      await tx.run(sql`select 1`);
    });
    await refusedInTime(stuck);
    await Promise.all(
      [1, 2].map(() => refusedInTime(remote.run(sql`select 1`))),
    );
    proxy.heal();
    await recovered(remote);
    await useBoth();
    await remote.transaction((tx) => tx.run(sql`select 1`));
  });
});

async function refused(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, unavailable);
}
