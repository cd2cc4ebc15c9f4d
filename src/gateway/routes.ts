import { openRoute } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import { subprotocol } from "../protocol/frames.ts";

export interface GatewayRoutesParts {
  /** Answers an upgrade request; throws a `Problem` for what is none. */
  upgrade(request: Request): Response;
}

/** To mount at `/api/v1`. */
export function gatewayRoutes({ upgrade }: GatewayRoutesParts): Router {
  const router = createRouter();

  router.openapi(
    openRoute({
      method: "get",
      path: "/ws",
      operationId: "connect",
      tags: ["Connection"],
      summary: "Open a WebSocket",
      description:
        `Offer the subprotocol \`${subprotocol}\` and say \`hello\` first. The frames, events and ` +
        "close codes are described in [/api/asyncapi.json](/api/asyncapi.json), and for people in " +
        "[/api/docs/websocket](/api/docs/websocket).",
      responses: { 101: { description: "The connection is a WebSocket now" } },
      problems: ["invalid_input"],
    }),
    (c) => upgrade(c.req.raw),
  );

  return router;
}
