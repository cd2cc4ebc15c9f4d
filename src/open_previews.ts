import type { Config } from "./config.ts";
import { createRateLimit } from "./http/rate_limit.ts";
import { createLinkPreviews, type PreviewNetwork } from "./messages/mod.ts";
import { rates } from "./rates.ts";

/** Link previews as the configuration wants them. */
export const openPreviews = (
  { linkPreviews, publicUrl }: Config,
  network?: PreviewNetwork,
) => ({
  previews: createLinkPreviews({ isOn: linkPreviews, publicUrl, network }),
  limit: createRateLimit(rates.previewsPerUser),
});
