import type { Envelope } from "./envelope.ts";
import type { Announcement } from "./relay.ts";

/**
 * Closes announcements into as few texts as may each be `maxLength` long, in order. One that does
 * not fit by itself goes without its event: its readers then read the changes.
 */
export function closeToFit(
  envelope: Pick<Envelope, "close">,
  announcements: readonly Announcement[],
  maxLength: number,
): string[] {
  if (announcements.length === 0) return [];
  const text = envelope.close(announcements);
  if (text.length <= maxLength) return [text];
  if (announcements.length === 1) {
    const { event: _event, ...rest } = announcements[0]!;
    return [envelope.close([rest])];
  }
  // Into as many parts as they would fill at equal sizes: a part that is still too long is split again.
  const parts = Math.ceil(text.length / maxLength);
  const size = Math.ceil(announcements.length / parts);
  const texts: string[] = [];
  for (let from = 0; from < announcements.length; from += size) {
    const part = announcements.slice(from, from + size);
    texts.push(...closeToFit(envelope, part, maxLength));
  }
  return texts;
}
