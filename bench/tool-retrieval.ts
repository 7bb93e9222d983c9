/**
 * How well, and how fast, the right tool is found among many. Data: BFCL v4's `multiple` and `simple_python` functions
 * pooled as one library (589 tools, 600 questions); where two definitions share a name, the last one counts.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ToolIndex } from "../runtime/retrieval/tool-index.ts";

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

function percentile(values: number[], share: number): number {
  return values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}

export const name = "tool-retrieval";

export async function run({ full = false }: { full?: boolean } = {}) {
  const report: Record<string, unknown> = { name };
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
    buildMs: round(buildMs),
    rankP50Ms: round(percentile(times, 0.5)),
    rankP95Ms: round(percentile(times, 0.95)),
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
  const ranks: number[] = [];
  const questionTimes: number[] = [];
  for (const { text, tool } of questions) {
    const startedAt = performance.now();
    const found = index.search(text, 50);
    questionTimes.push(performance.now() - startedAt);
    ranks.push(found.findIndex((one) => one.tool.name === tool) + 1);
  }
  const recall = (k: number) => ranks.filter((rank) => rank > 0 && rank <= k).length / ranks.length;
  const mrr = ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length;
  report.bfcl = {
    tools: tools.length,
    questions: questions.length,
    recall1: round(recall(1)),
    recall3: round(recall(3)),
    recall5: round(recall(5)),
    recall12: round(recall(12)),
    mrr: round(mrr),
    rankP95Ms: round(percentile(questionTimes, 0.95)),
  };
  console.table([report.bfcl]);
  return report;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Tools that no one has, from words that tools are made of. */
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

if (process.argv[1] === import.meta.filename) await run({ full: process.argv.includes("--full") });
