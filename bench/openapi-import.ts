/**
 * Import of large OpenAPI documents: time, the result of each operation, and the search time of the resulting library.
 * Documents: two of OpenAPI 3.1, one of 3.0 and one of Swagger 2.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ToolIndex } from "../runtime/retrieval/tool-index.ts";
import { importOpenApi } from "../server/tools/openapi/import.ts";
import { percentile } from "./numbers.ts";

const DATA = path.join(import.meta.dirname, "../../shared/data/openapi");
const DOCUMENTS = [
  { file: "openai.yaml", from: "github.com/openai/openai-openapi" },
  { file: "figma.yaml", from: "github.com/figma/rest-api-spec" },
  {
    file: "petstore.yaml",
    from: "github.com/swagger-api/swagger-petstore",
    server: "https://petstore3.swagger.io/api/v3",
  },
  { file: "slack-swagger2.json", from: "github.com/slackapi/slack-api-specs" },
];
const QUESTIONS = [
  "upload a file",
  "create a chat completion",
  "post a message to a channel",
  "find pets by status",
  "list comments of a design",
];

export async function run() {
  const rows = [];
  const all = [];
  for (const { file, from, server } of DOCUMENTS) {
    const location = path.join(DATA, file);
    if (!existsSync(location)) {
      console.log(`${file} is missing. Get it from ${from} and put it into ${path.relative(process.cwd(), DATA)}.`);
      continue;
    }
    const text = readFileSync(location, "utf8");
    const began = performance.now();
    const { tools, report } = importOpenApi({ openapi: text, server });
    const ms = Math.round(performance.now() - began);
    all.push(...tools);
    const count = (result: string) => report.filter((each) => each.result === result).length;
    const reasons = new Map<string, number>();
    for (const { result, reason } of report)
      if (result !== "imported" && reason) {
        const key = `${result}: ${reason.replaceAll(/"[^"]*"/g, "…")}`;
        reasons.set(key, (reasons.get(key) ?? 0) + 1);
      }
    rows.push({
      document: file,
      kB: Math.round(text.length / 1024),
      ms,
      imported: count("imported"),
      simplified: count("simplified"),
      "left out": count("left-out"),
      reasons: [...reasons].map(([why, n]) => `${n} × ${why}`),
    });
  }
  if (!rows.length) return { rows };
  console.table(rows.map(({ reasons, ...row }) => row));
  for (const { document, reasons } of rows) for (const reason of reasons) console.log(`${document}: ${reason}`);
  const built = performance.now();
  const index = new ToolIndex(all);
  const indexMs = performance.now() - built;
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    index.search(QUESTIONS[i % QUESTIONS.length]!, 12);
    times.push(performance.now() - began);
  }
  const search = {
    tools: all.length,
    indexMs: Math.round(indexMs),
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
  };
  console.log(
    `${search.tools} tools: indexed in ${search.indexMs} ms, searched in ${search.p50Ms.toFixed(2)} ms (p50), ${search.p95Ms.toFixed(2)} ms (p95).`,
  );
  return { rows, search };
}
