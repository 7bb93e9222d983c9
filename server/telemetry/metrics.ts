/**
 * Metrics in Prometheus' text format: runs, their calls, and the process. They contain no names of users or keys; of
 * agents only the slugs.
 */
import { statfs } from "node:fs/promises";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { isModelError } from "../../runtime/error.ts";
import type { RunEvent } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";

export interface Metrics {
  /** A run ended, or waits, after `ms` in this process. */
  runSettled(result: Pick<RunResult, "status" | "usage" | "error">, ms: number, slug: string | undefined): void;
  /** A trigger started a run or delivered a notice, or failed with this error. */
  triggered(kind: string, error?: string): void;
  /** An event of a run that this process executes. */
  happened(event: RunEvent): void;
  /** An urgent event is on disk, `ms` after its append. */
  stored(ms: number): void;
  /** A response was sent (a stream: begun). Only the first segment of `path` is used. */
  answered(path: string, status: number, ms: number): void;
  /** An exception that nothing caught, or a rejection that nothing handled. The process goes on. */
  fault(kind: "exception" | "rejection"): void;
  /** The metrics, and their media type. */
  read(): Promise<{ text: string; type: string }>;
}

export interface MetricsOptions {
  /** Number of runs that this process executes. */
  live(): number;
  /** Runs that have not ended, by status, in all processes. */
  open(): Promise<Record<string, number>>;
  /** Number of open streams of this process. */
  readers(): number;
  /** Living processes of the deployment, by role. */
  processes(): Record<string, number>;
  databaseBytes(): Promise<Record<string, number>>;
  dataDir: string;
  version: string;
}

/** Agents with a label of their own; further ones are counted together, so that the number of series is bounded. */
const MAX_AGENTS = 200;

/** A scrape has 10 s by default. */
const COLLECT_MS = 2_000;

const MODEL_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];
const SURFACES = new Set(["api", "v1", "mcp", "chat", "assets", "metrics", "healthz", "readyz"]);

export function openMetrics(options: MetricsOptions): Metrics {
  const { live, open, readers, processes, databaseBytes, dataDir, version } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[], ...labelNames: string[]) =>
    new Histogram({ name, help, buckets, labelNames, registers });

  gauge("patchbay_runs_live", "Runs that this process executes.", live);
  gauge("patchbay_streams_open", "Open event streams of this process.", readers);
  new Gauge({
    name: "patchbay_runs_open",
    help: "Runs that have not ended, by status, in all processes; queued is the length of the queue.",
    labelNames: ["status"],
    registers,
    async collect() {
      const counts = await inTime(open());
      this.reset();
      if (!counts) return;
      for (const status of ["queued", "running", "waiting", "uncertain"]) this.set({ status }, 0);
      for (const [status, count] of Object.entries(counts)) this.set({ status }, count);
    },
  });
  new Gauge({ name: "patchbay_info", help: "The version.", labelNames: ["version"], registers }).set({ version }, 1);
  new Gauge({
    name: "patchbay_processes",
    help: "Living processes of the deployment, by role. Without worker and all, no run is executed.",
    labelNames: ["role"],
    registers,
    collect() {
      const counts = processes();
      for (const role of ["web", "worker", "all"]) this.set({ role }, counts[role] ?? 0);
    },
  });
  new Gauge({
    name: "patchbay_database_bytes",
    help: "Size of the databases, with their journals.",
    labelNames: ["database"],
    registers,
    async collect() {
      const sizes = await inTime(databaseBytes());
      this.reset();
      for (const [database, bytes] of Object.entries(sizes ?? {})) this.set({ database }, bytes);
    },
  });
  new Gauge({
    name: "patchbay_disk_free_bytes",
    help: "Free space on the disk of the data folder.",
    registers,
    async collect() {
      const disk = await inTime(statfs(dataDir));
      if (disk) this.set(disk.bavail * disk.bsize);
    },
  });
  const triggers = counter(
    "patchbay_triggers_total",
    "Runs that schedules and webhooks started, and notices that were delivered, by result: ok, or the error code.",
    "kind",
    "result",
  );
  const slugs = new Set<string>();
  const agentOf = (slug: string | undefined) => {
    if (slug === undefined) return "";
    if (slugs.size < MAX_AGENTS) slugs.add(slug);
    return slugs.has(slug) ? slug : "other";
  };
  const runs = counter(
    "patchbay_runs_total",
    "Runs that ended or wait, by status, error code and agent.",
    "status",
    "error",
    "agent",
  );
  const seconds = histogram(
    "patchbay_run_seconds",
    "Time from the start or resumption of a run until it ends or waits.",
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  );
  const tokens = counter("patchbay_tokens_total", "Tokens of ended runs, as reported by the models.", "kind", "agent");
  const cost = counter("patchbay_cost_usd_total", "Cost of ended runs, when prices are known.", "agent");
  const modelSeconds = histogram(
    "patchbay_model_call_seconds",
    "Time from the request to the end of a model's response, by provider.",
    MODEL_SECONDS,
    "provider",
  );
  const firstSeconds = histogram(
    "patchbay_model_first_token_seconds",
    "Time from the request to the first token of a model, by provider.",
    MODEL_SECONDS,
    "provider",
  );
  const retries = counter(
    "patchbay_model_retries_total",
    "Failed attempts of successful model calls, by error code.",
    "error",
  );
  const modelErrors = counter("patchbay_model_errors_total", "Failed model calls, by error code.", "error");
  const toolCalls = counter(
    "patchbay_tool_calls_total",
    "Tool calls, by kind of tool and result: ok, or the error code.",
    "binding",
    "result",
  );
  const toolSeconds = histogram(
    "patchbay_tool_call_seconds",
    "Duration of tool calls, by kind of tool.",
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    "binding",
  );
  const appendSeconds = histogram(
    "patchbay_event_append_seconds",
    "Time until an urgent event is on disk.",
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
  );
  const requestSeconds = histogram(
    "patchbay_request_seconds",
    "Time until the response (a stream: its begin), by the first segment of the path and the class of the status.",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    "surface",
    "status",
  );
  const faults = counter(
    "patchbay_faults_total",
    "Exceptions that nothing caught and rejections that nothing handled: errors of Patchbay itself, see the log.",
    "kind",
  );
  for (const kind of ["exception", "rejection"]) faults.inc({ kind }, 0);
  return {
    fault: (kind) => faults.inc({ kind }),
    runSettled({ status, usage, error }, ms, slug) {
      const agent = agentOf(slug);
      runs.inc({ status, error: error?.code ?? "", agent });
      seconds.observe(ms / 1000);
      // A run that waits is counted when it ends, because its usage is that of the whole run.
      if (status === "waiting" || status === "uncertain") return;
      tokens.inc({ kind: "input", agent }, usage.inputTokens);
      tokens.inc({ kind: "output", agent }, usage.outputTokens);
      if (usage.costUsd !== undefined) cost.inc({ agent }, usage.costUsd);
    },
    triggered(kind, error) {
      triggers.inc({ kind, result: error ?? "ok" });
    },
    happened(event) {
      if (event.type === "message") {
        const provider = firstPart(event.model);
        modelSeconds.observe({ provider }, event.ms / 1000);
        if (event.firstMs !== undefined) firstSeconds.observe({ provider }, event.firstMs / 1000);
        for (const { error } of event.attempts ?? []) retries.inc({ error: error.code });
      } else if (event.type === "tool-end") {
        const binding = event.tool === undefined ? "none" : firstPart(event.tool);
        toolCalls.inc({ binding, result: event.error?.code ?? (event.result.error ? "tool_failed" : "ok") });
        toolSeconds.observe({ binding }, event.ms / 1000);
      } else if (event.type === "node-fail" && isModelError(event.error.code))
        modelErrors.inc({ error: event.error.code });
    },
    stored(ms) {
      appendSeconds.observe(ms / 1000);
    },
    answered(path, status, ms) {
      const first = firstPart(path.slice(1));
      requestSeconds.observe(
        { surface: SURFACES.has(first) ? first : "editor", status: `${Math.floor(status / 100)}xx` },
        ms / 1000,
      );
    },
    async read() {
      return { text: await registry.metrics(), type: registry.contentType };
    },
  };
}

function firstPart(path: string): string {
  return path.split("/", 1)[0]!;
}

/** Undefined when the work fails or takes too long: the other metrics are wanted most while the database is away. */
async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, COLLECT_MS, undefined);
  try {
    return await Promise.race([work.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
