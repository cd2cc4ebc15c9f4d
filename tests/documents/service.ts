import { createRateLimit } from "../../src/http/rate_limit.ts";
import type { Router } from "../../src/http/router.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import { createLog } from "../../src/lib/log.ts";
import { createRoutes } from "../../src/routes.ts";

export interface Alone {
  /** What every part throws that a request reaches. */
  readonly fault?: Error;
  /** How many requests one address has. */
  readonly burst?: number;
}

/** The routes of the service with nothing behind them: enough to write their documents. */
export function routesAlone(
  { fault = new Error("Nobody is there"), burst = 1000 }: Alone = {},
): Router {
  const absent = new Proxy({}, {
    get: () => () => {
      throw fault;
    },
  }) as never;
  const limit = createRateLimit({ burst, perSecond: 0.001 });
  return createRoutes({
    door: {
      log: createLog({ level: "error", write: () => {} }),
      https: false,
      trustedProxies: 0,
      perIp: limit,
    },
    publicUrl: "https://chat.example.org",
    bearer: async (c, next) => {
      c.set("caller", {
        userId: crypto.randomUUID() as UserId,
        deviceId: crypto.randomUUID() as DeviceId,
        expiresAt: new Date(),
      });
      await next();
    },
    health: absent,
    accessTokens: { jwks: () => ({ keys: [] }) },
    gateway: absent,
    accounts: absent,
    signInLimits: { perIp: limit, perName: limit },
    contacts: absent,
    presence: absent,
    chats: absent,
    preferences: absent,
    invites: absent,
    messages: absent,
    previews: { previews: absent, limit },
    notifications: absent,
    inbox: absent,
    exports: absent,
  });
}

export const documentNames = ["openapi.json", "asyncapi.json"] as const;
export type DocumentName = (typeof documentNames)[number];

/** A document as the service serves it. */
export async function readDocument(name: DocumentName): Promise<string> {
  const response = await routesAlone().request(`/api/${name}`);
  if (response.status !== 200) throw new Error(await response.text());
  return await response.text();
}
