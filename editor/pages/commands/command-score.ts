/**
 * How well a search fits an entry, from 0 (not at all) to 1. The entry must contain every word; a match at the start of a
 * word counts more. Unlike in fuzzy search, scattered letters do not match.
 */
export function commandScore(value: string, search: string): number {
  const wanted = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 1;
  const text = value.toLowerCase();
  let sum = 0;
  for (const word of wanted) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    const words = text.split(/[\s/_-]+/);
    sum += words.includes(word) ? 1 : words.some((one) => one.startsWith(word)) ? 0.8 : 0.5;
  }
  return sum / wanted.length;
}
