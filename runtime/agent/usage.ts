/** What a message of the model used. */
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

/** More than any model takes in one call: such a number is a mistake. */
const MAX_TOKENS = 100_000_000;

/** What the endpoint says it used; where it says nothing, or nonsense, an estimate, so that budgets hold. */
export function usageOf(end: ModelEnd, prompt: Prompt, completion: Completion): StepUsage {
  const good = (tokens: unknown): tokens is number => typeof tokens === "number" && tokens >= 0 && tokens <= MAX_TOKENS;
  const reported = end.usage;
  const inputTokens = good(reported?.inputTokens) ? reported.inputTokens : prompt.tokens;
  const outputTokens = good(reported?.outputTokens)
    ? reported.outputTokens
    : estimateTokens(completion.content) +
      estimateTokens(completion.reasoning) +
      completion.calls.reduce((sum, call) => sum + estimateTokens(call.raw ?? JSON.stringify(call.arguments ?? {})), 0);
  return { inputTokens, outputTokens, estimated: !good(reported?.inputTokens) || !good(reported?.outputTokens) };
}

/** Emits it, with its cost where the model has prices: `usage.costUsd` is set. */
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
 * Calls `callback` at the moment of the abort, when an event that it emits still comes before the run's end: an aborted
 * call of a model costs what it used. Returns the function that removes the listener.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  signal.addEventListener("abort", callback, { once: true });
  return () => signal.removeEventListener("abort", callback);
}
