/**
 * `npm run bench [-- NAME…] [--full]`: runs benches by name (those marked quick by default), prints their tables and
 * writes `bench/report.json`. A bench is a file here that exports `name` and `run`.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

interface Bench {
  name: string;
  /** False: only by name or with --full. */
  quick?: boolean;
  run(options: { full?: boolean }): Promise<unknown>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { full: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});

/** Parts of benches, and programs that they start. */
const NOT_BENCHES = new Set(["main.ts", "bare-forwarder.ts", "load.ts", "processes.ts"]);
const benches: Bench[] = [];
for (const file of readdirSync(import.meta.dirname).sort()) {
  if (!file.endsWith(".ts") || NOT_BENCHES.has(file)) continue;
  const module = (await import(join(import.meta.dirname, file))) as Partial<Bench>;
  if (module.name && module.run) benches.push(module as Bench);
}

const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no bench ${unknown.join(", ")}.`);
  console.error(`Benches: ${benches.map((bench) => bench.name).join(", ")}. With --full: all, and larger.`);
  process.exit(values.help ? 0 : 1);
}

const chosen = benches.filter((bench) =>
  positionals.length > 0 ? positionals.includes(bench.name) : values.full || bench.quick !== false,
);
const reports: Record<string, unknown> = {};
for (const bench of chosen) {
  console.log(`\n=== ${bench.name}`);
  const began = performance.now();
  reports[bench.name] = await bench.run({ full: values.full });
  console.log(`(${((performance.now() - began) / 1000).toFixed(1)} s)`);
}
const report = {
  at: new Date().toISOString(),
  node: process.version,
  machine: { cpus: cpus().length, model: cpus()[0]?.model },
  full: values.full,
  benches: reports,
};
writeFileSync(join(import.meta.dirname, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
