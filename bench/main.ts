/**
 * `npm run bench [-- NAME…] [--full]`: runs benchmarks by name (by default the quick ones), prints their tables and
 * writes `bench/report.json`. A benchmark is a file of this folder that exports `run`; its name is the file name.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

interface Bench {
  /** False: only by name or with --full. */
  quick?: boolean;
  run(options: { full?: boolean }): Promise<unknown>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { full: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});

/** Helpers, and programs that benchmarks start. */
const NOT_BENCHES = new Set(["main", "bare-forwarder", "load", "numbers", "processes", "published-agents"]);
const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .filter((name) => !NOT_BENCHES.has(name))
  .sort();
const unknown = positionals.filter((name) => !files.includes(name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`Unknown benchmark: ${unknown.join(", ")}.`);
  console.error(`Benchmarks: ${files.join(", ")}. --full runs all of them, with larger sizes.`);
  process.exit(values.help ? 0 : 1);
}

const reports: Record<string, unknown> = {};
let failed = false;
for (const file of files) {
  if (positionals.length > 0 && !positionals.includes(file)) continue;
  try {
    const bench = (await import(join(import.meta.dirname, `${file}.ts`))) as Partial<Bench>;
    if (!bench.run || (positionals.length === 0 && !values.full && bench.quick === false)) continue;
    console.log(`\n=== ${file}`);
    const began = performance.now();
    reports[file] = await bench.run({ full: values.full });
    console.log(`(${((performance.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    // A failed benchmark must not lose the results of the others.
    failed = true;
    reports[file] = { failed: (error as Error).message };
    console.error(`${file} failed:`, error);
  }
}
const report = {
  at: new Date().toISOString(),
  node: process.version,
  machine: { cpus: cpus().length, model: cpus()[0]?.model },
  full: values.full,
  benches: reports,
};
writeFileSync(join(import.meta.dirname, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
process.exit(failed ? 1 : 0);
