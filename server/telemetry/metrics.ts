/** What the operator's monitoring reads, in Prometheus' text: counts and times of runs, their calls, and the process. Never names of users, keys or agents. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { RunEvent } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import { MODEL_ERRORS } from "./model-errors.ts";

export interface Metrics {
  /** A run came to rest after `ms` in this process. */
  runSettled(result: Pick<RunResult, "status" | "usage" | "error">, ms: number): void;
  /** An event of a run that goes on here. */
  happened(event: RunEvent): void;
  /** An event that was waited for is on disk, `ms` after it was given. */
  stored(ms: number): void;
  /** A request was answered (a stream: begun). `path` is told by its first part alone. */
  answered(path: string, status: number, ms: number): void;
  /** The text, and its media type. */
  read(): Promise<{ text: string; type: string }>;
}

export interface MetricsOptions {
  /** Runs under way in this process. */
  live(): number;
  /** Runs that have not ended, by status, in all processes. */
  open(): Promise<Record<string, number>>;
  /** Streams that somebody reads from this process. */
  readers(): number;
}

const MODEL_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];
const SURFACES = new Set(["api", "v1", "mcp", "chat", "assets", "metrics", "healthz"]);

export function openMetrics({ live, open, readers }: MetricsOptions): Metrics {
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
  gauge("patchbay_runs_live", "Runs under way in this process.", live);
  gauge("patchbay_streams_open", "Event streams that are read from this process.", readers);
  new Gauge({
    name: "patchbay_runs_open",
    help: "Runs that have not ended, by status, in all processes: queued ones are the depth of the queue.",
    labelNames: ["status"],
    registers,
    async collect() {
      this.reset();
      for (const status of ["queued", "running", "waiting", "uncertain"]) this.set({ status }, 0);
      for (const [status, count] of Object.entries(await open())) this.set({ status }, count);
    },
  });
  const runs = new Counter({
    name: "patchbay_runs_total",
    help: "Runs that came to rest, by status and by the code of their error.",
    labelNames: ["status", "error"],
    registers,
  });
  const seconds = new Histogram({
    name: "patchbay_run_seconds",
    help: "From the begin (or the resumption) of a run to its rest.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const tokens = new Counter({
    name: "patchbay_tokens_total",
    help: "Tokens of runs that ended, as models count them.",
    labelNames: ["kind"],
    registers,
  });
  const cost = new Counter({
    name: "patchbay_cost_usd_total",
    help: "Cost of runs that ended, where prices are known.",
    registers,
  });
  const modelSeconds = new Histogram({
    name: "patchbay_model_call_seconds",
    help: "A model's answers from request to end, by provider.",
    labelNames: ["provider"],
    buckets: MODEL_SECONDS,
    registers,
  });
  const firstSeconds = new Histogram({
    name: "patchbay_model_first_token_seconds",
    help: "From request to a model's first token, by provider.",
    labelNames: ["provider"],
    buckets: MODEL_SECONDS,
    registers,
  });
  const retries = new Counter({
    name: "patchbay_model_retries_total",
    help: "Attempts that failed before a model answered, by the code of the error.",
    labelNames: ["error"],
    registers,
  });
  const modelErrors = new Counter({
    name: "patchbay_model_errors_total",
    help: "Model calls that failed for good, by the code of the error.",
    labelNames: ["error"],
    registers,
  });
  const toolCalls = new Counter({
    name: "patchbay_tool_calls_total",
    help: "Tool calls, by kind of tool and result: ok, or the code of the error.",
    labelNames: ["binding", "result"],
    registers,
  });
  const toolSeconds = new Histogram({
    name: "patchbay_tool_call_seconds",
    help: "Tool calls from intent to result, by kind of tool.",
    labelNames: ["binding"],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
  });
  const appendSeconds = new Histogram({
    name: "patchbay_event_append_seconds",
    help: "From an event that is waited for to the disk that has it.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "patchbay_request_seconds",
    help: "Requests until their answer (a stream: its begin), by the first part of the path and by class of status.",
    labelNames: ["surface", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers,
  });
  return {
    runSettled({ status, usage, error }, ms) {
      runs.inc({ status, error: error?.code ?? "" });
      seconds.observe(ms / 1000);
      // A run that waits is counted when it ends: its usage is of the whole run.
      if (status === "waiting" || status === "uncertain") return;
      tokens.inc({ kind: "input" }, usage.inputTokens);
      tokens.inc({ kind: "output" }, usage.outputTokens);
      if (usage.costUsd !== undefined) cost.inc(usage.costUsd);
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
      } else if (event.type === "node-fail" && MODEL_ERRORS.has(event.error.code))
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
