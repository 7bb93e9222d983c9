/** The state of one running `llm` node: its inputs and the conversation so far. */

import { type ErrorData, PatchbayError } from "../error.ts";
import type { RunUsage } from "../event.ts";
import type { Format } from "../formats/format.ts";
import type { Budget } from "../graph.ts";
import type { Language } from "../language.ts";
import type { Document, Message, ToolCall } from "../message.ts";
import type { ActionFormat, Effort, Model, ModelEnd, ModelProfile } from "../model.ts";
import type { Step } from "../node.ts";
import type { Example } from "../prompt/build.ts";
import type { JsonSchema } from "../tool.ts";
import type { Offers } from "./offers.ts";

/** Options of the loop, from the config of the `llm` node. Null: the model's default. */
export interface AgentOptions {
  model: string;
  maxSteps: number;
  budget: Budget;
  examples: Example[];
  schema: JsonSchema | null;
  temperature: number | null;
  topP: number | null;
  effort: Effort | "auto";
  /** Tokens of one completion. */
  outputTokens: number | null;
  stop: string[];
  toolLimit: number;
  format: ActionFormat | "auto";
}

export interface LoopState {
  readonly step: Step;
  readonly options: AgentOptions;
  readonly instructions: string;
  readonly documents: readonly Document[];
  readonly history: readonly Message[];
  readonly language: Language;
  /** The step's signal, with the node's own time limit. */
  readonly signal: AbortSignal;
  model: Model;
  offers: Offers;
  format: Format;
  /** Token limit of a prompt, after the endpoint has refused one as too long. */
  limit?: number;
  /** That refusal. */
  overflow?: ErrorData;
  /** Models that failed. */
  readonly tried: Set<string>;
  /** The user's message and the messages after it. */
  readonly turn: Message[];
  /** Ids of all calls, with those of the history. */
  readonly callIds: Set<string>;
  /** Prompts that this process has built for the node, by `step model`. */
  readonly built: Set<string>;
  lastMessages: readonly Message[];
  lastTools: readonly string[];
  /** By call (tool and arguments): how often it was made, and its last result. */
  readonly repeats: Map<string, { times: number; result: string; warned: boolean }>;
  /** Completions in a row with only mistakes in their calls. */
  faults: number;
  /** Counts against the budgets of the node and of the run. `past`: the run has counted it already. */
  spend(usage: Partial<RunUsage>, past?: boolean): void;
}

/** The profile of the current model, with the node's own output limit. */
export function profileOf({ model, options }: Pick<LoopState, "model" | "options">): ModelProfile {
  const { outputTokens } = options;
  return outputTokens === null ? model.profile : { ...model.profile, outputTokens };
}

/** The output of one model call. */
export interface Completion {
  content: string;
  reasoning: string;
  calls: ToolCall[];
  cited: ReadonlySet<number>;
  end: ModelEnd;
  /** Text was passed on. */
  shown: boolean;
  firstMs?: number;
  ms: number;
}

/** The budget of the node. The executor checks that of the run. */
export function nodeBudget(step: Step, options: AgentOptions): LoopState["spend"] {
  const { budget, maxSteps } = options;
  const most = Math.min(maxSteps, budget.steps ?? maxSteps);
  let steps = 0;
  let toolCalls = 0;
  let tokens = 0;
  let costUsd = 0;
  const check = (
    code: "step_limit" | "tool_call_limit" | "token_limit" | "cost_limit",
    used: number,
    limit: number | undefined,
    what: string,
  ) => {
    if (limit !== undefined && used > limit)
      throw new PatchbayError(
        code,
        `"${step.title}" reached its limit of ${what} without a reply. Raise it in the node's settings, or ask for less in one run.`,
      );
  };
  return (usage, past = false) => {
    steps += usage.steps ?? 0;
    toolCalls += usage.toolCalls ?? 0;
    tokens += (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
    costUsd += usage.costUsd ?? 0;
    check("step_limit", steps, most, `${most} steps`);
    check("tool_call_limit", toolCalls, budget.toolCalls, `${budget.toolCalls} tool calls`);
    if (!past) step.spend(usage);
    check("token_limit", tokens, budget.tokens, `${budget.tokens} tokens`);
    check("cost_limit", costUsd, budget.costUsd, `$${budget.costUsd}`);
  };
}
