/**
 * Quality and time of passage search by words: XQuAD's 240 paragraphs and 1,190 questions, in English, in Chinese, and
 * both in one index. Measured on the real index (LanceDB), compared with its own tokenizers.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, Index, MatchQuery } from "@lancedb/lancedb";
import { PassageStore } from "../server/knowledge/passage-store.ts";
import { percentile, round } from "./numbers.ts";

const DATA = path.join(import.meta.dirname, "../../shared/data/retrieval");
const WHERE = "github.com/google-deepmind/xquad: xquad.en.json and xquad.zh.json";

interface Set {
  paragraphs: string[];
  questions: { text: string; paragraph: number }[];
}

function load(language: string): Set {
  const { data } = JSON.parse(readFileSync(path.join(DATA, `xquad.${language}.json`), "utf8")) as {
    data: { paragraphs: { context: string; qas: { question: string }[] }[] }[];
  };
  const set: Set = { paragraphs: [], questions: [] };
  for (const { context, qas } of data.flatMap((article) => article.paragraphs)) {
    const paragraph = set.paragraphs.push(context) - 1;
    for (const { question } of qas) set.questions.push({ text: question, paragraph });
  }
  return set;
}

function together(a: Set, b: Set): Set {
  const moved = b.questions.map((question) => ({ ...question, paragraph: question.paragraph + a.paragraphs.length }));
  return { paragraphs: [...a.paragraphs, ...b.paragraphs], questions: [...a.questions, ...moved] };
}

export interface Row {
  set: string;
  index: string;
  recallAt1: number;
  recallAt5: number;
  mrr: number;
  p50Ms: number;
  p95Ms: number;
}

async function measure(
  set: string,
  index: string,
  { questions }: Set,
  find: (question: string) => Promise<number[]>,
): Promise<Row> {
  const ranks: number[] = [];
  const times: number[] = [];
  for (const { text, paragraph } of questions) {
    const startedAt = performance.now();
    const found = await find(text);
    times.push(performance.now() - startedAt);
    ranks.push(found.indexOf(paragraph) + 1);
  }
  const share = (most: number) => ranks.filter((rank) => rank > 0 && rank <= most).length / ranks.length;
  return {
    set,
    index,
    recallAt1: share(1),
    recallAt5: share(5),
    mrr: ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
  };
}

/** LanceDB's own tokenizers, for comparison. */
const THEIRS = {
  icu: { baseTokenizer: "icu", stem: false, removeStopWords: false },
  "icu, English stemming and stop words": {
    baseTokenizer: "icu",
    language: "English",
    stem: true,
    removeStopWords: true,
  },
  "ngram 2": { baseTokenizer: "ngram", ngramMinLength: 2, ngramMaxLength: 2, stem: false, removeStopWords: false },
} as const;

export async function run({ full = false }: { full?: boolean } = {}) {
  if (!existsSync(path.join(DATA, "xquad.en.json"))) {
    console.log(`No data in ${path.relative(process.cwd(), DATA)}. Get it from ${WHERE}.`);
    return { missing: WHERE };
  }
  const [en, zh] = [load("en"), load("zh")];
  const sets = { en, zh, "en + zh": together(en, zh) };
  const folder = mkdtempSync(path.join(tmpdir(), "patchbay-bench-"));
  const rows: Row[] = [];
  try {
    const store = new PassageStore(path.join(folder, "ours"));
    const theirs = await connect(path.join(folder, "theirs"));
    for (const [setName, set] of Object.entries(sets)) {
      const table = await store.table(`k_${rows.length}`);
      const passages = set.paragraphs.map((text, number) => ({ number, text }));
      await table.write({ id: "doc", version: "1", title: "" }, passages, true);
      await table.optimize();
      const ours = async (question: string) =>
        (await table.searchText(question, 10)).map((hit) => Number(hit.key.slice(hit.key.lastIndexOf(":") + 1)));
      rows.push(await measure(setName, "patchbay terms", set, ours));
      if (!full) continue;
      const plain = await theirs.createTable(
        `t_${rows.length}`,
        set.paragraphs.map((text, id) => ({
          id,
          ...Object.fromEntries(Object.keys(THEIRS).map((_, i) => [`c${i}`, text])),
        })),
      );
      for (const [i, [label, options]] of Object.entries(THEIRS).entries()) {
        await plain.createIndex(`c${i}`, { config: Index.fts({ ...options, withPosition: false }) });
        const find = async (question: string) => {
          const query = plain
            .query()
            .fullTextSearch(new MatchQuery(question, `c${i}`))
            .select(["id", "_score"])
            .limit(10);
          return (await query.toArray()).map((row) => Number(row.id));
        };
        rows.push(await measure(setName, label, set, find));
      }
    }
    await store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.table(
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, typeof value === "number" ? round(value, 3) : value]),
      ),
    ),
  );
  return { rows };
}
