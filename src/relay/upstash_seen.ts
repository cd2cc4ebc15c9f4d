/**
 * Remembers the last `limit` ids, and up to as many again before them. The function tells whether
 * an id was among them, and remembers it from then on.
 */
export function createSeen(limit: number): (id: string) => boolean {
  let recent = new Set<string>();
  let before = new Set<string>();

  return (id) => {
    if (recent.has(id) || before.has(id)) return true;
    recent.add(id);
    if (recent.size >= limit) {
      before = recent;
      recent = new Set();
    }
    return false;
  };
}
