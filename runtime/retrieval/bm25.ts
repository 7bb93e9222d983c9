/**
 * Ranking by words: BM25 over several weighted fields (BM25F: Robertson, Zaragoza and Taylor, 2004). Built once, then
 * read only. A term's weight in each document is worked out when the index is built, so a search only adds up.
 */

export interface Bm25Field {
  /** How much more a term counts here than in a field of weight 1. */
  weight: number;
  /** How far a long field makes its terms count less: 0 not at all, 1 in full. */
  lengthPenalty: number;
}

/** How soon more of the same term stops helping. */
const K1 = 1.2;

export class Bm25 {
  readonly size: number;
  readonly #postings: ReadonlyMap<string, { documents: Uint32Array; scores: Float32Array }>;
  readonly #totals: Float64Array;

  /** `documents`: for each document the terms of each field, fields in the order of `fields`. */
  constructor(fields: readonly Bm25Field[], documents: readonly (readonly string[])[][]) {
    this.size = documents.length;
    this.#totals = new Float64Array(documents.length);
    const means = fields.map(
      (_, field) =>
        documents.reduce((sum, document) => sum + document[field]!.length, 0) / Math.max(1, documents.length),
    );
    const found = new Map<string, { documents: number[]; counts: number[] }>();
    documents.forEach((document, id) => {
      const counts = new Map<string, number>();
      fields.forEach(({ weight, lengthPenalty }, field) => {
        const terms = document[field]!;
        const norm = weight / (1 - lengthPenalty + (lengthPenalty * terms.length) / Math.max(1, means[field]!));
        for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + norm);
      });
      for (const [term, count] of counts) {
        const posting = found.get(term);
        if (posting) {
          posting.documents.push(id);
          posting.counts.push(count);
        } else found.set(term, { documents: [id], counts: [count] });
      }
    });
    const postings = new Map<string, { documents: Uint32Array; scores: Float32Array }>();
    for (const [term, posting] of found) {
      const rarity = Math.log(
        1 + (documents.length - posting.documents.length + 0.5) / (posting.documents.length + 0.5),
      );
      postings.set(term, {
        documents: Uint32Array.from(posting.documents),
        scores: Float32Array.from(posting.counts, (count) => (rarity * count * (K1 + 1)) / (count + K1)),
      });
    }
    this.#postings = postings;
  }

  /**
   * The `limit` best documents for these terms (each once), best first; equal scores in order of number. Documents
   * without any of the terms are left out. `only`: those that may be found.
   */
  search(
    terms: readonly string[],
    limit: number,
    only?: (document: number) => boolean,
  ): { document: number; score: number }[] {
    const totals = this.#totals;
    const touched: number[] = [];
    for (const term of terms) {
      const posting = this.#postings.get(term);
      if (!posting) continue;
      const { documents, scores } = posting;
      for (let i = 0; i < documents.length; i++) {
        const document = documents[i]!;
        if (totals[document] === 0) touched.push(document);
        totals[document]! += scores[i]!;
      }
    }
    const best = new Best(limit);
    for (const document of touched) {
      if (!only || only(document)) best.offer(document, totals[document]!);
      totals[document] = 0;
    }
    return best.list();
  }
}

/** Keeps the best few of many: a binary heap with the worst on top. */
class Best {
  readonly #limit: number;
  readonly #heap: { document: number; score: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(document: number, score: number): void {
    const heap = this.#heap;
    const entry = { document, score };
    if (heap.length < this.#limit) {
      heap.push(entry);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!worse(heap[at]!, heap[parent]!)) break;
        swap(heap, at, parent);
        at = parent;
      }
    } else if (this.#limit > 0 && worse(heap[0]!, entry)) {
      heap[0] = entry;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const child = left + 1 < heap.length && worse(heap[left + 1]!, heap[left]!) ? left + 1 : left;
        if (child >= heap.length || !worse(heap[child]!, heap[at]!)) break;
        swap(heap, at, child);
        at = child;
      }
    }
  }

  list(): { document: number; score: number }[] {
    return this.#heap.sort((a, b) => (worse(a, b) ? 1 : -1));
  }
}

function worse(a: { document: number; score: number }, b: { document: number; score: number }): boolean {
  return a.score !== b.score ? a.score < b.score : a.document > b.document;
}

function swap<T>(list: T[], a: number, b: number): void {
  const kept = list[a]!;
  list[a] = list[b]!;
  list[b] = kept;
}
