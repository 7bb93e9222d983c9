/**
 * Ranking by words: BM25 over several weighted fields (BM25F: Robertson, Zaragoza and Taylor, 2004). The index is
 * immutable. The weight of a term in each document is computed when the index is built, so a search only adds.
 */

export interface Bm25Field {
  /** Weight of a term in this field, relative to a field of weight 1. */
  weight: number;
  /** How much the length of the field reduces the weight of its terms: 0 not at all, 1 fully (`b` of BM25). */
  lengthPenalty: number;
}

/** Saturation of repeated terms. */
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
   * The `limit` best documents for these terms (each once), best first; equal scores by document number. Documents
   * without any of the terms are left out. `only` filters documents.
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
    return best.list;
  }
}

/** The best few of many, kept in order. */
class Best {
  readonly #limit: number;
  readonly list: { document: number; score: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(document: number, score: number): void {
    const entry = { document, score };
    const isFull = this.list.length >= this.#limit;
    if (isFull && (this.#limit === 0 || !worse(this.list.at(-1)!, entry))) return;
    if (isFull) this.list.pop();
    let at = this.list.length;
    while (at > 0 && worse(this.list[at - 1]!, entry)) at--;
    this.list.splice(at, 0, entry);
  }
}

function worse(a: { document: number; score: number }, b: { document: number; score: number }): boolean {
  return a.score !== b.score ? a.score < b.score : a.document > b.document;
}
