/** `npm run crash [-- --full] [--postgres] [--kills N] [--seed N]`: kills servers and prints one table. Exits with 1 when a guarantee is violated. */
import { parseArgs } from "node:util";
import { crash, type Report } from "./harness.ts";

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    postgres: { type: "boolean", default: false },
    kills: { type: "string" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const kills = Number(values.kills ?? (values.full ? 200 : 14));
const stores = values.full && values.kills === undefined ? [false, true] : [values.postgres];

const reports: Report[] = [];
for (const postgres of stores)
  reports.push(
    await crash({ kills: postgres && values.full ? Math.ceil(kills / 2) : kills, seed, postgres, log: console.log }),
  );
print(reports);
const violations = reports.flatMap((report) => report.violations);
for (const violation of violations.slice(0, 30)) console.error(`VIOLATED: ${violation}`);
if (violations.length > 0) console.error(`${violations.length} in total. Run it again with --seed ${seed}.`);
process.exit(violations.length > 0 ? 1 : 0);

function print(all: Report[]): void {
  const rows: [string, (report: Report) => string | number][] = [
    ["store", (report) => report.store],
    ["seed", (report) => report.seed],
    ["kills", (report) => Object.values(report.kills).reduce((sum, count) => sum + count, 0)],
    ...[...new Set(all.flatMap((report) => Object.keys(report.kills)))]
      .sort()
      .map((place): [string, (report: Report) => number] => [`  ${place}`, (report) => report.kills[place] ?? 0]),
    ["database restarts", (report) => report.databaseRestarts],
    ["runs accepted", (report) => report.runs],
    ["events stored", (report) => report.events],
    ["tool calls", (report) => report.toolCalls],
    ["resumed", (report) => report.resumed],
    ["uncertain calls, each reported", (report) => report.uncertain],
    ["streams broken and resumed", (report) => report.streamBreaks],
    ["end of an interrupted run, ms p50 / p95 / max", ({ recoveryMs: r }) => `${r.p50} / ${r.p95} / ${r.max}`],
    ["start to ready, ms p50 / max", ({ startMs: s }) => `${s.p50} / ${s.max}`],
    ["guarantees violated", (report) => report.violations.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows)
    console.log(`${name.padEnd(width)}  ${all.map((report) => String(value(report)).padStart(20)).join("")}`);
}
