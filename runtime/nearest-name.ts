/** The most wrong, missing or extra characters of a typing error. */
const MAX_EDITS = 3;

/** The name that a mistyped one probably means: with the same letters, one contained in the other, else few edits away. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const normalize = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9\p{L}]/gu, "");
  const wanted = normalize(name);
  if (wanted.length < 3) return undefined;
  const contained =
    names.find((one) => normalize(one) === wanted) ??
    names.find(
      (one) => normalize(one).endsWith(wanted) || wanted.endsWith(normalize(one)) || normalize(one).startsWith(wanted),
    );
  if (contained !== undefined) return contained;
  let nearest: string | undefined;
  // At most a third of the letters, so that short names are not taken for each other.
  let fewest = Math.min(MAX_EDITS, Math.floor(wanted.length / 3)) + 1;
  for (const one of names) {
    const edits = editDistance(wanted, normalize(one), fewest);
    if (edits < fewest) [nearest, fewest] = [one, edits];
  }
  return nearest;
}

/** Levenshtein distance, at most `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return Math.min(limit, row[b.length]!);
}
