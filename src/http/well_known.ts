import { z } from "zod";
import { json, openRoute } from "./route.ts";
import { createRouter, type Router } from "./router.ts";

const Jwks = z.object({
  keys: z.array(z.object({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string(),
    kid: z.string(),
    use: z.literal("sig"),
    alg: z.literal("EdDSA"),
  })),
}).meta({ id: "Jwks", description: "A JWK Set (RFC 7517, section 5)" });

export interface WellKnownParts {
  /** The public keys of the access tokens. */
  jwks(): z.infer<typeof Jwks>;
}

/** To mount at `/.well-known`. */
export function wellKnownRoutes({ jwks }: WellKnownParts): Router {
  const router = createRouter();

  router.openapi(
    openRoute({
      method: "get",
      path: "/jwks.json",
      operationId: "jwks",
      tags: ["Service"],
      summary: "The public keys of the access tokens",
      never: ["internal", "unavailable"],
      responses: { 200: json(Jwks, "The keys") },
    }),
    (c) => {
      c.header("cache-control", "public, max-age=300");
      return c.json(jwks(), 200);
    },
  );

  return router;
}
