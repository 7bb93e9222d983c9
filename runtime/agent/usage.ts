/** The usage of a completion. */
import type { BodyOf } from "../event.ts";
import type { ModelEnd } from "../model.ts";
import type { Prompt } from "../prompt/build.ts";
import { estimateTokens } from "../prompt/tokens.ts";
import { costOf } from "../usage.ts";
import type { Completion, LoopState } from "./loop-state.ts";

export interface StepUsage {
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
  estimated?: boolean;
}

/** A larger number from an endpoint is a mistake. */
const MAX_TOKENS = 100_000_000;

/** The usage that the endpoint reports, or an estimate when it is missing or invalid, so that budgets hold. */
export function usageOf(end: ModelEnd, prompt: Prompt, completion: Completion): StepUsage {
  const isValid = (tokens: unknown): tokens is number =>
    typeof tokens === "number" && tokens >= 0 && tokens <= MAX_TOKENS;
  const reported = end.usage;
  const inputTokens = isValid(reported?.inputTokens) ? reported.inputTokens : prompt.tokens;
  const outputTokens = isValid(reported?.outputTokens)
    ? reported.outputTokens
    : estimateTokens(completion.content) +
      estimateTokens(completion.reasoning) +
      completion.calls.reduce((sum, call) => sum + estimateTokens(call.raw ?? JSON.stringify(call.arguments ?? {})), 0);
  return { inputTokens, outputTokens, estimated: !isValid(reported?.inputTokens) || !isValid(reported?.outputTokens) };
}

/** Emits the usage. Sets `usage.costUsd` when the model has prices. */
export function emitUsage(
  { step, model }: Pick<LoopState, "step" | "model">,
  index: number,
  usage: StepUsage,
  aborting = false,
): void {
  const costUsd = costOf(model.profile.prices, usage);
  if (costUsd !== undefined) usage.costUsd = costUsd;
  const body: Omit<BodyOf<"usage">, "node" | "scope"> = {
    type: "usage",
    step: index,
    model: model.name,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
  };
  if (usage.costUsd !== undefined) body.costUsd = usage.costUsd;
  if (usage.estimated) body.estimated = true;
  // A failed write aborts the run by itself.
  step.emit(body, { aborting }).catch(() => {});
}

/**
 * Calls `callback` during the abort, so that an event that it emits comes before the run's end: an aborted model call
 * costs what it used. Returns a function that removes the listener.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  signal.addEventListener("abort", callback, { once: true });
  return () => signal.removeEventListener("abort", callback);
}
