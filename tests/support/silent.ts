import type { Narrate } from "../../src/chats/mod.ts";

/** For commands that a test submits by itself: it tells the chat nothing. */
export const silent: Narrate = () => ({
  prepare: () => Promise.resolve(),
  tell: () => ({ rows: [], events: [] }),
});
