import type { RateLimit } from "../../src/http/rate_limit.ts";

/** For parts that a test builds by itself, and means to ask as often as it likes. */
export const unlimited: RateLimit = { take() {}, giveBack() {} };
