/** The public view of a run: reply, usage and waits, and its steps only when the publication shows them. */
import type { ErrorCode, ErrorData } from "../../runtime/error.ts";
import type { RunEvent, RunItem, RunUsage, Wait } from "../../runtime/event.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import type { FileRef } from "../../runtime/message.ts";
import { modelName } from "../../runtime/model-name.ts";
import type { HostedItem, HostedStep, HostedWait } from "../contract/hosted-item.ts";
import type { RunResult } from "../contract/run.ts";
import type { Runs } from "../runs/service.ts";

/** What a reader sees in addition to the reply. */
export interface Visibility {
  /** Tool calls by name with their state, the number of found passages, and media from tools. Never arguments or results. */
  steps: boolean;
  /** The reader may not decide: a wait shows neither the tool nor its arguments. */
  undecided?: boolean;
  /** Reads the events of a run, to add the files of the reply to the end of its stream. */
  events?(run: string): Promise<RunEvent[]>;
}

/** The public view of a result. */
export function hostedResult(result: RunResult, visible?: Pick<Visibility, "undecided">): RunResult {
  const { error, waits, ...rest } = result;
  return {
    ...rest,
    ...(error && { error: hostedError(error) }),
    ...(waits && { waits: waits.map((wait) => hostedWait(wait, visible)) as Wait[] }),
  };
}

/** The public view of a wait, without its position in the graph. */
function hostedWait(
  { wait, kind, question, call, expiresAt }: Wait,
  visible: Pick<Visibility, "undecided"> | undefined,
): HostedWait {
  const base = { wait, kind, ...(expiresAt !== undefined && { expiresAt }) };
  if (!visible?.undecided) return { ...base, question, ...(call && { call }) };
  // The question of a tool names it.
  return { ...base, question: call?.tool ? "" : question, owner: true };
}

/** Codes whose messages are about the call or its limits. Other messages can contain model names, addresses or tools. */
const PUBLIC_CODES: ReadonlySet<ErrorCode> = new Set([
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
    message: PUBLIC_CODES.has(error.code)
      ? error.message
      : "The agent failed to reply. Its owner can see the reason in the run.",
  };
}

/** The public view of an item; undefined for internal ones. */
export async function hostedView(item: RunItem, runs: Runs, visible: Visibility): Promise<HostedItem | undefined> {
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
      return { ...base, type, waits: item.waits.map((wait) => hostedWait(wait, visible)) };
    case "run-resume":
      return { ...base, type, ...(item.answers && { answered: item.answers.map((answer) => answer.wait) }) };
    case "run-end": {
      const { output } = item;
      const files =
        visible.events && FILE_ID.test(JSON.stringify(output)) ? filesOf(await visible.events(run), visible) : [];
      return { ...base, type, output, usage: await usageOf(item, runs), ...(files.length > 0 && { files }) };
    }
    case "run-fail":
      return { ...base, type, error: hostedError(item.error), usage: await usageOf(item, runs) };
    case "run-cancel":
      return { ...base, type, usage: await usageOf(item, runs) };
    case "tool-start":
    case "tool-end":
    case "retrieval": {
      const step = visible.steps ? stepOf(item) : undefined;
      return step && { ...base, type, step, ...(type === "tool-end" && mediaIn(item)) };
    }
    default:
      return undefined;
  }
}

/** Logs of older versions have no usage in the last event; it is in the run's row. */
async function usageOf({ run, usage }: RunEvent & { usage?: RunUsage }, runs: Runs): Promise<RunUsage> {
  return usage ?? (await runs.get(run)).usage;
}

/** The public view of one turn: output, error, waits, files and steps. */
export function hostedTurn(events: readonly RunEvent[], visible: Visibility) {
  const { output, error, waits } = foldRun(events);
  const files = filesOf(events, visible);
  const steps = visible.steps ? stepsOf(events) : [];
  return {
    ...(output && { output }),
    ...(error && { error: hostedError(error) }),
    ...(waits.length > 0 && { waits: waits.map((wait) => hostedWait(wait, visible)) }),
    ...(files.length > 0 && { files }),
    ...(steps.length > 0 && { steps }),
  };
}

/** Ids of files, in `artifact://` URLs and tool results. */
const FILE_ID = /file_[0-9a-z]{26}/;
const MEDIA = /^(?:image|audio|video)\//;

/** Files of a run that a reader may download: those in the reply and, with visible steps, media from tools. */
export function filesOf(events: readonly RunEvent[], { steps }: Visibility): FileRef[] {
  const end = events.find((event) => event.type === "run-end");
  const replyText = end ? JSON.stringify(end.output.reply) : "";
  const fromTools = events.flatMap((event) => (event.type === "tool-end" ? (event.result.files ?? []) : []));
  return fromTools.filter((file) => replyText.includes(file.id) || (steps && MEDIA.test(file.mediaType)));
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

/** In start order, each with its latest state. */
function stepsOf(events: readonly RunEvent[]): HostedStep[] {
  const steps: HostedStep[] = [];
  for (const event of events) {
    const step = stepOf(event);
    if (!step) continue;
    const started =
      event.type === "tool-end"
        ? steps.findLastIndex((one) => one.kind === "tool" && one.call === event.call && one.state === "running")
        : -1;
    const before = steps[started];
    if (before?.kind === "tool" && step.kind === "tool") steps[started] = { ...before, state: step.state };
    else steps.push(step);
  }
  return steps;
}
