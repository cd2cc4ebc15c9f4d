import { type Command, put, reads } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { contactViews } from "./store.ts";

/** The account has seen every request that has come in. One mark for all, however many they are. */
export const viewRequests = (userId: UserId): Command<void> => ({
  scopes: [userId],
  reads: [reads(contactViews, [{ userId }])],
  decide(state) {
    if (!state.get(contactViews, { userId })?.unseen) {
      return { reply: undefined };
    }
    return {
      fact(numbers) {
        const accountRev = numbers.rev(userId);
        return {
          rows: [put(contactViews, { userId, accountRev, unseen: false })],
          events: [{
            account: userId,
            rev: accountRev,
            event: { type: "contact.viewed", accountRev },
          }],
          reply: undefined,
        };
      },
    };
  },
});
