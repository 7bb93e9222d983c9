/** Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): several rankings of the same things become one. */

export interface Fused<T> {
  item: T;
  /** In (0, 1]: 1 for an item that is first in every search. */
  score: number;
  /** Rank (from 1) in each search that found it. */
  ranks: Record<string, number>;
}

/** How slowly a rank loses weight; 60 is the paper's. */
const K = 60;

/**
 * Each search's list is best first. `id` identifies the same item in several lists; the first one is kept. Best first;
 * what scores the same stays in the order of the lists.
 */
export function fuseRanks<T>(searches: Record<string, readonly T[]>, id: (item: T) => string): Fused<T>[] {
  const fused = new Map<string, Fused<T>>();
  const names = Object.keys(searches);
  for (const name of names)
    for (const [index, item] of searches[name]!.entries()) {
      const key = id(item);
      const entry = fused.get(key) ?? { item, score: 0, ranks: {} };
      if (entry.ranks[name] !== undefined) continue;
      entry.ranks[name] = index + 1;
      entry.score += 1 / (K + index + 1);
      fused.set(key, entry);
    }
  const most = names.length / (K + 1);
  return [...fused.values()]
    .map((entry) => ({ ...entry, score: entry.score / most }))
    .sort((a, b) => b.score - a.score);
}
