/** What may be told to the outside of a run: the answer, usage and waits; what it did only where the owner shows it. */
import type { ErrorCode, ErrorData } from "../../runtime/error.ts";
import type { RunEvent, RunItem, RunUsage, Wait } from "../../runtime/event.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import type { FileRef } from "../../runtime/message.ts";
import { modelName } from "../../runtime/model-name.ts";
import type { HostedItem, HostedStep } from "../contract/hosted-item.ts";
import type { RunResult } from "../contract/run.ts";
import type { Runs } from "../runs/service.ts";

/** What the owner lets a reader see beside the answer. */
export interface Shown {
  /** Which tools were called and whether they worked, how many passages were found, and the media that tools made. Never arguments or results. */
  steps: boolean;
  /** Reads a run, so that the end of its stream brings the files that the answer names. */
  events?(run: string): Promise<RunEvent[]>;
}

/** What a caller may know of a result. */
export function hostedResult(result: RunResult): RunResult {
  const { error, waits, ...rest } = result;
  return {
    ...rest,
    ...(error && { error: hostedError(error) }),
    ...(waits && { waits: waits.map(hostedWait) }),
  };
}

/** What a caller may know of a wait: what it must decide, not where in the graph it stands. */
function hostedWait({ wait, kind, question, call, expiresAt }: Wait): Wait {
  return { wait, kind, question, ...(call && { call }), ...(expiresAt !== undefined && { expiresAt }) } as Wait;
}

/** Codes whose messages speak of the call or its limits alone. Others may name models, addresses or tools. */
const TELLABLE: ReadonlySet<ErrorCode> = new Set([
  "bad_request",
  "rejected",
  "refused",
  "step_limit",
  "tool_call_limit",
  "token_limit",
  "cost_limit",
  "time_limit",
  "quota_exceeded",
  "loop_detected",
  "context_overflow",
  "cancelled",
  "unavailable",
  "storage_full",
]);

export function hostedError(error: ErrorData): ErrorData {
  return {
    code: error.code,
    message: TELLABLE.has(error.code) ? error.message : "The agent could not answer; its owner sees why in the run.",
  };
}

/** What a caller sees of an item; undefined for what is internal. */
export async function hostedView(item: RunItem, runs: Runs, shown: Shown): Promise<HostedItem | undefined> {
  if (item.type === "delta") {
    const { type, run, kind, offset, text, answer } = item;
    return answer && kind === "text" ? { type, run, kind, offset, text, answer } : undefined;
  }
  const { run, seq, at, type } = item;
  const base = { run, seq, at };
  switch (type) {
    case "run-start":
      return { ...base, type, ...(item.session !== undefined && { session: item.session }) };
    case "run-wait":
      return { ...base, type, waits: item.waits.map(hostedWait) };
    case "run-resume":
      return { ...base, type, ...(item.answers && { answered: item.answers.map((answer) => answer.wait) }) };
    case "run-end": {
      const { output } = item;
      const files =
        shown.events && NAMES_FILE.test(JSON.stringify(output)) ? filesOf(await shown.events(run), shown) : [];
      return { ...base, type, output, usage: await usageOf(item, runs), ...(files.length > 0 && { files }) };
    }
    case "run-fail":
      return { ...base, type, error: hostedError(item.error), usage: await usageOf(item, runs) };
    case "run-cancel":
      return { ...base, type, usage: await usageOf(item, runs) };
    case "tool-start":
    case "tool-end":
    case "retrieval": {
      const step = shown.steps ? stepOf(item) : undefined;
      return step && { ...base, type, step, ...(type === "tool-end" && mediaIn(item)) };
    }
    default:
      return undefined;
  }
}

/** A log that was written before the last event carried the usage has it in the run's row. */
async function usageOf({ run, usage }: RunEvent & { usage?: RunUsage }, runs: Runs): Promise<RunUsage> {
  return usage ?? (await runs.get(run)).usage;
}

/** One turn of a conversation as its reader saw it, beside what was said: how it ended, what waits, what was done. */
export function hostedTurn(events: readonly RunEvent[], shown: Shown) {
  const { output, error, waits } = foldRun(events);
  const files = filesOf(events, shown);
  const steps = shown.steps ? stepsOf(events) : [];
  return {
    ...(output && { output }),
    ...(error && { error: hostedError(error) }),
    ...(waits.length > 0 && { waits: waits.map(hostedWait) }),
    ...(files.length > 0 && { files }),
    ...(steps.length > 0 && { steps }),
  };
}

/** Ids of files, as `artifact://` addresses and results of tools have them. */
const NAMES_FILE = /file_[0-9a-z]{26}/;
const MEDIA = /^(?:image|audio|video)\//;

/** Files of a run that its reader may have: those that the reply names, and where steps are shown the media that tools made. */
export function filesOf(events: readonly RunEvent[], { steps }: Shown): FileRef[] {
  const end = events.find((event) => event.type === "run-end");
  const said = end ? JSON.stringify(end.output.reply) : "";
  const made = events.flatMap((event) => (event.type === "tool-end" ? (event.result.files ?? []) : []));
  return made.filter((file) => said.includes(file.id) || (steps && MEDIA.test(file.mediaType)));
}

function mediaIn(event: Extract<RunEvent, { type: "tool-end" }>): { files?: FileRef[] } {
  const files = (event.result.files ?? []).filter((file) => MEDIA.test(file.mediaType));
  return files.length > 0 ? { files } : {};
}

function stepOf(event: RunEvent): HostedStep | undefined {
  switch (event.type) {
    case "tool-start":
      return { kind: "tool", tool: modelName(event.tool ?? event.call.name), call: event.call.id, state: "running" };
    case "tool-end":
      return {
        kind: "tool",
        tool: modelName(event.tool ?? "tool"),
        call: event.call,
        state: event.result.error ? "failed" : "done",
      };
    case "retrieval":
      return event.of === "knowledge" ? { kind: "search", found: event.hits.length } : undefined;
    default:
      return undefined;
  }
}

/** In the order in which they began, each as it stands. */
function stepsOf(events: readonly RunEvent[]): HostedStep[] {
  const steps: HostedStep[] = [];
  for (const event of events) {
    const step = stepOf(event);
    if (!step) continue;
    const begun =
      event.type === "tool-end"
        ? steps.findLastIndex((one) => one.kind === "tool" && one.call === event.call && one.state === "running")
        : -1;
    const before = steps[begun];
    if (before?.kind === "tool" && step.kind === "tool") steps[begun] = { ...before, state: step.state };
    else steps.push(step);
  }
  return steps;
}
