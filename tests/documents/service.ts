import type { Router } from "../../src/http/router.ts";
import { createRateLimit } from "../../src/http/rate_limit.ts";
import { createLog } from "../../src/lib/log.ts";
import { createRoutes } from "../../src/routes.ts";

/** Stands for a part that no request of these tests may reach. */
const absent = new Proxy({}, {
  get: (_, name) => () => {
    throw new Error(`Nobody is there to ${String(name)}`);
  },
}) as never;

/** The routes of the service with nothing behind them: enough to write their documents. */
export function routesAlone(): Router {
  return createRoutes({
    door: {
      log: createLog({ level: "warn" }),
      https: false,
      trustedProxies: 0,
      perIp: createRateLimit({ burst: 1000, perSecond: 1000 }),
    },
    publicUrl: "https://chat.example.org",
    bearer: absent,
    health: absent,
    accessTokens: absent,
    gateway: absent,
    accounts: absent,
    signInLimits: absent,
    presence: absent,
    chats: absent,
    messages: absent,
    inbox: absent,
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
