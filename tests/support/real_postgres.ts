import { testDatabase, testServer } from "./database.ts";
import { needsPostgres, startPostgres } from "./postgres_server.ts";

/**
 * For tests that listen. The embedded Postgres is one session for all its clients, so what one of
 * them is to hear comes to whoever asks for something next.
 */
export const needsRealPostgres = () => ({
  ignore: testServer === null && needsPostgres().ignore,
});

/** The server that the tests were given, or one of the test's own. */
export async function realPostgres(): Promise<
  AsyncDisposable & { readonly url: string }
> {
  return testServer === null ? await startPostgres() : await testDatabase();
}
