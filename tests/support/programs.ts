/** The newest PostgreSQL server programs on this machine; undefined where there are none. */
export const postgresPrograms = findPostgres();

/** Debian's pgbouncer; undefined where there is none. */
export const pgbouncerProgram = [
  "/usr/sbin/pgbouncer",
  "/usr/bin/pgbouncer",
].find(isFile);

/** Debian's Redis; undefined where there is none. */
export const redisProgram = [
  "/usr/bin/redis-server",
  "/usr/local/bin/redis-server",
].find(isFile);

/** Debian's Chromium; undefined where there is none. */
export const chromiumProgram = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
].find(isFile);

/** The oldest Deno that the service supports; undefined where nobody said where it is. */
export const oldestDeno = Deno.env.get("TEST_OLDEST_DENO") || undefined;

/** Neither server runs as root: root runs them as this user. */
export const serverUser = "postgres";
const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;

/** Runs a server's program to its end, as a user that it accepts; rejects when it fails. */
export async function runAsServerUser(
  program: string,
  ...args: string[]
): Promise<void> {
  const [first, ...rest] = isRoot
    ? ["runuser", "-u", serverUser, "--", program, ...args]
    : [program, ...args];
  const { success, stderr, stdout } = await new Deno.Command(first!, {
    args: rest,
    cwd: "/tmp",
  }).output();
  if (success) return;
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  throw new Error(`${program} failed: ${said.join("\n")}`);
}

/** A folder that the servers' user can write to. */
export async function serverFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "parley-server-" });
  if (isRoot) {
    const { success } = await new Deno.Command("chown", {
      args: [serverUser, folder],
    }).output();
    if (!success) throw new Error(`Cannot give ${folder} to ${serverUser}`);
  }
  return folder;
}

/**
 * A port that stays free while the server it is for is down: below those that the system gives to
 * outgoing connections, one of which might even connect to itself there.
 */
export function freePort(): number {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      using _ = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

function findPostgres(): string | undefined {
  const versions = "/usr/lib/postgresql";
  let found: string[];
  try {
    found = [...Deno.readDirSync(versions)].map(({ name }) => name);
  } catch {
    return undefined;
  }
  return found.sort((a, b) => Number(b) - Number(a))
    .map((version) => `${versions}/${version}/bin`)
    .find((folder) => isFile(`${folder}/initdb`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
