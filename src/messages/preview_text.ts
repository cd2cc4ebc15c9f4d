import type { LinkPreview } from "../protocol/previews.ts";

const most = { title: 200, description: 500, siteName: 100 } as const;

/**
 * How far a page is followed. The parser remembers every open element, and looks through them for each
 * that closes: nesting of any depth would cost the square of it, and a head is flat.
 */
const furthest = { tags: 2000, depth: 32 } as const;

/** What a page says of itself in its head; undefined where it has no title. */
export async function previewOf(
  url: string,
  html: string,
): Promise<LinkPreview | undefined> {
  const { Parser } = await import("htmlparser2");
  const said = new Map<string, string>();
  let title = "";
  let isInTitle = false;
  let hasTitle = false;
  let tags = 0;
  let depth = 0;
  const parser = new Parser({
    onopentag(name, { property, name: named, content }) {
      depth++;
      tags++;
      if (name === "body" || tags > furthest.tags || depth > furthest.depth) {
        parser.pause();
      }
      if (name === "title" && !hasTitle) isInTitle = true;
      const key = (property ?? named)?.toLowerCase();
      if (name === "meta" && key && content && !said.has(key)) {
        said.set(key, content);
      }
    },
    ontext(text) {
      if (isInTitle) title += text;
    },
    onclosetag(name) {
      depth--;
      if (name === "head") parser.pause();
      if (name !== "title") return;
      hasTitle ||= isInTitle;
      isInTitle = false;
    },
  }, { decodeEntities: true });
  // Paused it reads no further, and no more is wanted.
  parser.end(html);

  const oneOf = (kind: keyof typeof most, ...texts: (string | undefined)[]) =>
    texts.map((text) => oneLine(text ?? "", most[kind]))
      .find((text) => text !== "") ?? null;
  const shownTitle = oneOf("title", said.get("og:title"), title);
  if (shownTitle === null) return undefined;
  return {
    url,
    title: shownTitle,
    description: oneOf(
      "description",
      said.get("og:description"),
      said.get("description"),
    ),
    siteName: oneOf("siteName", said.get("og:site_name")),
  };
}

/** Well-formed text in one line, cut at a whole character. */
function oneLine(text: string, length: number): string {
  const line = text.toWellFormed().replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  if (line.length <= length) return line;
  return line.slice(0, length).replace(/[\ud800-\udbff]$/, "").trimEnd() + "…";
}
