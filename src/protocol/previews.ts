import { z } from "zod";
import { limits } from "./limits.ts";
import { text } from "./text.ts";

const shown = z.string().nullable();

/** What a page says of itself. */
export const LinkPreview = z.object({
  url: z.string().meta({
    description: "Where it was found in the end",
    examples: ["https://example.org/"],
  }),
  title: z.string().meta({ examples: ["Example Domain"] }),
  description: shown.meta({ examples: ["For use in examples"] }),
  siteName: shown.meta({ examples: ["example.org"] }),
}).meta({ id: "LinkPreview", description: "What a page says of itself" });
export type LinkPreview = z.infer<typeof LinkPreview>;

export const LinkPreviewQuery = z.object({
  url: text(1, limits.linkLength).refine(
    (url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ""),
    { error: "Must be an http: or https: address" },
  ).meta({
    description: "An `http:` or `https:` address",
    examples: ["https://example.org/"],
  }),
});
