import { LRUCache } from "lru-cache";
import { createSemaphore } from "../lib/semaphore.ts";
import { createTurns } from "../lib/turns.ts";
import type { UserId } from "../protocol/ids.ts";
import type { LinkPreview } from "../protocol/previews.ts";
import { Problem } from "../protocol/problem.ts";
import { type PreviewNetwork, publicNetwork } from "./preview_network.ts";
import { readPage } from "./preview_page.ts";
import { previewOf } from "./preview_text.ts";

/**
 * What the pages say of themselves that messages lead to. Whoever reads a message asks for the links in
 * it: so no sender can make a page say something, nothing is stored, and no message changes later. The
 * page sees the service and not the reader. An image of the page would have to come through the service
 * too, so there is none.
 */
export interface LinkPreviews {
  /** Rejects with `not_found` where there is none, whatever the reason. */
  read(url: string, by: UserId): Promise<LinkPreview>;
}

export interface LinkPreviewsParts {
  readonly isOn: boolean;
  /** Names the service to those whom it asks. */
  readonly publicUrl: string;
  readonly network?: PreviewNetwork | undefined;
  /** How long one page may take, in milliseconds. */
  readonly readMs?: number;
}

const keptMs = { found: 3_600_000, none: 300_000 } as const;
const keptAtMost = 2000;
const atOnce = { places: 8, waiting: 64 } as const;
/** So many of the places are one person's at most: slow pages of hers leave the others theirs. */
const atOnceEach = { places: 2, waiting: 16 } as const;

export function createLinkPreviews(
  { isOn, publicUrl, network = publicNetwork, readMs = 5000 }:
    LinkPreviewsParts,
): LinkPreviews {
  const kept = new LRUCache<string, { readonly preview?: LinkPreview }>({
    maxSize: keptAtMost,
    sizeCalculation: () => 1,
  });
  const underWay = new Map<string, Promise<LinkPreview | undefined>>();
  const full = () => new Problem("rate_limited", { retryAfterMs: 1000 });
  const turns = createSemaphore({ ...atOnce, full });
  const turnsOf = createTurns({ ...atOnceEach, full });
  const userAgent = `Parley-LinkPreview/1.0 (+${publicUrl})`;

  async function find(url: string): Promise<LinkPreview | undefined> {
    try {
      const signal = AbortSignal.timeout(readMs);
      const page = await readPage(url, { network, userAgent, signal });
      return page && await previewOf(page.url, page.html);
    } catch {
      // Another's host is away, late or broken: that is no fault of the service.
      return undefined;
    }
  }

  async function look(url: string): Promise<LinkPreview | undefined> {
    const preview = await turns.run(() => find(url));
    const ttl = preview ? keptMs.found : keptMs.none;
    kept.set(url, preview ? { preview } : {}, { ttl });
    return preview;
  }

  /** What is known, or is being found out for whoever came first. */
  async function together(url: string): Promise<LinkPreview | undefined> {
    const known = kept.get(url);
    if (known) return known.preview;
    let looking = underWay.get(url);
    if (!looking) {
      looking = look(url).finally(() => underWay.delete(url));
      underWay.set(url, looking);
    }
    return await looking;
  }

  return {
    async read(url, by) {
      if (!isOn) throw none();
      const { href } = Object.assign(new URL(url), { hash: "" });
      const preview = kept.has(href)
        ? await together(href)
        : await turnsOf(by, () => together(href));
      if (!preview) throw none();
      return preview;
    },
  };
}

const none = () =>
  new Problem("not_found", { detail: "There is no preview of this address" });
