/**
 * Quality and time of tool search. Data: BFCL v4's `multiple` and `simple_python` functions
 * pooled as one library (589 tools, 600 questions); where two definitions share a name, the last one counts.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Bm25 } from "../runtime/retrieval/bm25.ts";
import { fuseRanks } from "../runtime/retrieval/fuse.ts";
import { ToolIndex, toolText } from "../runtime/retrieval/tool-index.ts";
import { percentile, round } from "./numbers.ts";

const DATA = path.join(import.meta.dirname, "../../shared/data/tools");
const WHERE =
  "github.com/ShishirPatil/gorilla, berkeley-function-call-leaderboard/bfcl_eval/data: BFCL_v4_multiple.json and BFCL_v4_simple_python.json, with their possible_answer";

interface Tool {
  name: string;
  summary: string;
  parameters: { [key: string]: unknown };
}

function load(): { tools: Tool[]; questions: { text: string; tool: string }[] } {
  const tools = new Map<string, Tool>();
  const questions: { text: string; tool: string }[] = [];
  for (const set of ["multiple", "simple_python"]) {
    const lines = (name: string) =>
      readFileSync(path.join(DATA, `bfcl_v4_${name}.jsonl`), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    const answers = new Map(lines(`${set}_answers`).map((one) => [one.id, Object.keys(one.ground_truth[0])[0]!]));
    for (const { id, question, function: functions } of lines(set)) {
      for (const one of functions)
        tools.set(one.name, { name: one.name, summary: one.description, parameters: one.parameters });
      questions.push({
        text: question[0].map((message: { content: string }) => message.content).join("\n"),
        tool: answers.get(id)!,
      });
    }
  }
  return { tools: [...tools.values()], questions };
}

export async function run({ full = false }: { full?: boolean } = {}) {
  const report: Record<string, unknown> = {};
  const made = madeUp(10_000);
  const builtAt = performance.now();
  const large = new ToolIndex(made);
  const buildMs = performance.now() - builtAt;
  const times: number[] = [];
  for (let i = 0; i < (full ? 5000 : 1000); i++) {
    const question = `${made[(i * 7919) % made.length]!.summary} for the customer ${i} please`;
    const startedAt = performance.now();
    large.search(question, 12);
    times.push(performance.now() - startedAt);
  }
  report.tenThousand = {
    buildMs: round(buildMs, 3),
    rankP50Ms: round(percentile(times, 0.5), 3),
    rankP95Ms: round(percentile(times, 0.95), 3),
  };
  console.log(
    `10,000 tools: index built in ${buildMs.toFixed(0)} ms; ranking p50 ${percentile(times, 0.5).toFixed(2)} ms, p95 ${percentile(times, 0.95).toFixed(2)} ms`,
  );

  if (!existsSync(DATA)) {
    console.log(`No data for quality. Put the files into ../shared/data/tools; they come from ${WHERE}.`);
    return report;
  }
  const { tools, questions } = load();
  const index = new ToolIndex(tools);
  const all = new Bm25(
    [{ weight: 1, lengthPenalty: 0.75 }],
    tools.map((tool) => [plainWords(`${tool.name} ${tool.summary} ${JSON.stringify(tool.parameters)}`)]),
  );
  const rows: Row[] = [
    score("words: ours", questions, (question) => index.search(question, DEPTH).map((found) => found.tool)),
    score("words: BM25 of the whole text", questions, (question) =>
      all.search([...new Set(plainWords(question))], DEPTH).map((found) => tools[found.document]!),
    ),
  ];

  const { EMBEDDINGS_URL, EMBEDDINGS_MODEL = "default" } = process.env;
  if (EMBEDDINGS_URL) {
    const embed = (texts: string[]) => embeddings(EMBEDDINGS_URL, EMBEDDINGS_MODEL, texts);
    const startedAt = performance.now();
    const vectors = await embed(tools.map(toolText));
    const asked = new Map<string, number[]>();
    const queries = await embed(questions.map((question) => question.text));
    questions.forEach((question, at) => {
      asked.set(question.text, queries[at]!);
    });
    const embedMs = (performance.now() - startedAt) / (tools.length + questions.length);
    const nearest = (question: string) => {
      const query = asked.get(question)!;
      const scores = vectors.map((vector) => vector.reduce((sum, x, i) => sum + x * query[i]!, 0));
      return [...scores.keys()]
        .sort((a, b) => scores[b]! - scores[a]!)
        .slice(0, DEPTH)
        .map((at) => tools[at]!);
    };
    rows.push(score(`vectors: ${EMBEDDINGS_MODEL}`, questions, nearest));
    rows.push(
      score("both, fused", questions, (question) =>
        fuseRanks(
          { words: index.search(question, DEPTH).map((found) => found.tool), meaning: nearest(question) },
          (tool) => tool.name,
        ).map((fused) => fused.item),
      ),
    );
    report.embedMs = round(embedMs, 3);
    console.log(`embedding: ${embedMs.toFixed(1)} ms a text, apart from ranking`);
  } else console.log("For vectors too, set EMBEDDINGS_URL (an OpenAI-compatible …/v1) and EMBEDDINGS_MODEL.");
  report.bfcl = { tools: tools.length, questions: questions.length, rows };
  console.log(`BFCL: ${tools.length} tools, ${questions.length} questions`);
  console.table(rows);
  return report;
}

/** Results per ranking. */
const DEPTH = 50;

interface Row {
  ranking: string;
  recall1: number;
  recall3: number;
  recall5: number;
  recall12: number;
  mrr: number;
  rankP95Ms: number;
}

function score(
  ranking: string,
  questions: { text: string; tool: string }[],
  search: (question: string) => Tool[],
): Row {
  const times: number[] = [];
  const ranks = questions.map(({ text, tool }) => {
    const startedAt = performance.now();
    const found = search(text);
    times.push(performance.now() - startedAt);
    return found.findIndex((one) => one.name === tool) + 1;
  });
  const recall = (k: number) => round(ranks.filter((rank) => rank > 0 && rank <= k).length / ranks.length, 3);
  const mrr = round(ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length, 3);
  return {
    ranking,
    recall1: recall(1),
    recall3: recall(3),
    recall5: recall(5),
    recall12: recall(12),
    mrr,
    rankP95Ms: round(percentile(times, 0.95), 3),
  };
}

function plainWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

async function embeddings(url: string, model: string, texts: string[]): Promise<number[][]> {
  const vectors: number[][] = [];
  for (let at = 0; at < texts.length; at += 32) {
    const response = await fetch(`${url}/embeddings`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${process.env.OPENAI_API_KEY ?? "none"}` },
      body: JSON.stringify({ model, input: texts.slice(at, at + 32) }),
    });
    if (!response.ok) throw new Error(`${url} returned ${response.status}: ${await response.text()}`);
    const { data } = (await response.json()) as { data: { embedding: number[] }[] };
    for (const { embedding } of data) {
      const length = Math.hypot(...embedding);
      vectors.push(embedding.map((x) => x / length));
    }
  }
  return vectors;
}

/** Made-up tools, from words that are common in tool names. */
function madeUp(count: number): Tool[] {
  const verbs =
    "get list create update delete search send export import convert merge split check count notify archive restore approve publish schedule".split(
      " ",
    );
  const nouns =
    "invoice order customer ticket message file folder report calendar event contact product payment shipment account session image video audio document comment project task team role".split(
      " ",
    );
  const of =
    "draft daily public shared remote local yearly archived urgent regional internal external mobile legacy premium".split(
      " ",
    );
  return Array.from({ length: count }, (_, i) => {
    const [verb, adjective, noun, second] = [
      verbs[i % 20]!,
      of[(i * 7) % 15]!,
      nouns[(i * 13) % 25]!,
      nouns[(i * 31 + 5) % 25]!,
    ];
    return {
      name: `openapi/api${i % 97}/${verb}_${adjective}_${noun}_${i}`,
      summary: `${verb} the ${adjective} ${noun} of a ${second}, number ${i}`,
      parameters: {
        type: "object",
        properties: {
          [`${noun}_id`]: { type: "string", description: `Id of the ${noun}` },
          limit: { type: "integer", description: "How many at most" },
          [second]: { type: "string", description: `The ${second} it belongs to` },
        },
      },
    };
  });
}
