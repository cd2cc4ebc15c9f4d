import { abortable } from "./abortable.ts";
import { hasCode } from "./error.ts";
import type { Call, Http } from "./http.ts";
import type { Session } from "./session.ts";

/** REST calls in the name of whoever is signed in. */
export interface Rest {
  call<T>(call: Call): Promise<T>;
}

/** A call refused for its token is made once more with a new one: it has done nothing yet. */
export function createRest(http: Http, session: Session): Rest {
  return {
    async call<T>(call: Call) {
      const token = await abortable(session.token(), call.signal);
      try {
        return await http.call<T>(call, token);
      } catch (error) {
        if (
          !hasCode(error, "token_expired", "token_revoked", "unauthenticated")
        ) throw error;
        const next = await abortable(session.renewed(token), call.signal);
        return await http.call<T>(call, next);
      }
    },
  };
}
