import type { Bearer } from "../http/bearer.ts";
import type { RateLimit } from "../http/rate_limit.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { LinkPreview, LinkPreviewQuery } from "../protocol/previews.ts";
import type { LinkPreviews } from "./link_previews.ts";

export interface PreviewRoutesParts {
  readonly previews: LinkPreviews;
  /** How many one person may ask for. */
  readonly limit: RateLimit;
  readonly bearer: Bearer;
}

/** The door to link previews over HTTP. */
export function previewRoutes(
  { previews, limit, bearer }: PreviewRoutesParts,
) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/link-previews",
      operationId: "getLinkPreview",
      tags: ["Messages"],
      summary: "What the page behind a link says of itself",
      description:
        "For whoever reads or writes a link. The service asks the page, at public addresses alone; it sees no reader. Off unless the service is set up for it: then there are no previews.",
      request: { query: LinkPreviewQuery },
      responses: { 200: json(LinkPreview, "The preview") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { userId } = c.var.caller;
      limit.take(userId);
      const { url } = c.req.valid("query");
      return c.json(await previews.read(url, userId), 200);
    },
  );

  return router;
}
