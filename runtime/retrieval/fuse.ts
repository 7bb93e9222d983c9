/** Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): merges several rankings into one. */

export interface Fused<T> {
  item: T;
  /** In (0, 1]: 1 for an item that is first in every search. */
  score: number;
  /** Rank (from 1) in each search that found it. */
  ranks: Record<string, number>;
}

/** The constant of the paper. A larger one makes ranks more equal. */
const K = 60;

/**
 * Takes lists with the best first; so is the result. `id` identifies the same item in several lists; the first one is
 * kept. Equal scores keep the order of the lists.
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
