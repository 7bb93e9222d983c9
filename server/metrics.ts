/** What the operator's monitoring reads: counts and times of runs, and of the process, in Prometheus' text. Never names of users or keys. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { RunResult } from "./services.ts";

export interface Metrics {
  /** A run came to rest after `ms` in this process. */
  rested(result: Pick<RunResult, "status" | "usage" | "error">, ms: number): void;
  /** The text, and its media type. */
  read(): Promise<{ text: string; type: string }>;
}

/** `live`: runs under way in this process. */
export function openMetrics(live: () => number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: "patchbay_runs_live",
    help: "Runs under way in this process.",
    registers,
    collect() {
      this.set(live());
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
  const toolCalls = new Counter({
    name: "patchbay_tool_calls_total",
    help: "Tool calls of runs that ended.",
    registers,
  });
  return {
    rested({ status, usage, error }, ms) {
      runs.inc({ status, error: error?.code ?? "" });
      seconds.observe(ms / 1000);
      // A run that waits is counted when it ends: its usage is of the whole run.
      if (status === "waiting" || status === "uncertain") return;
      tokens.inc({ kind: "input" }, usage.inputTokens);
      tokens.inc({ kind: "output" }, usage.outputTokens);
      if (usage.costUsd !== undefined) cost.inc(usage.costUsd);
      toolCalls.inc(usage.toolCalls);
    },
    async read() {
      return { text: await registry.metrics(), type: registry.contentType };
    },
  };
}
