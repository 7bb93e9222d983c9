/** The state of one LLM node at work: what it was given, what was said so far. */

import { PatchbayError } from "../error.ts";
import type { Format } from "../formats/format.ts";
import type { Budget } from "../graph.ts";
import type { Language } from "../language.ts";
import type { Document, Message, ToolCall } from "../message.ts";
import type { ActionFormat, Model, ModelEnd } from "../model.ts";
import type { Step } from "../node.ts";
import type { Example } from "../prompt/build.ts";
import type { JsonSchema } from "../tool.ts";
import type { Offers } from "./offers.ts";

/** What the author set; the config of the `llm` node. */
export interface AgentOptions {
  model: string;
  maxSteps: number;
  budget: Budget;
  examples: Example[];
  schema: JsonSchema | null;
  temperature: number | null;
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
  /** The step's, narrowed by the node's own time limit. */
  readonly signal: AbortSignal;
  model: Model;
  offers: Offers;
  format: Format;
  /** The most tokens of a prompt, once the endpoint has refused one as too long. */
  limit?: number;
  /** Models that failed for good. */
  readonly tried: Set<string>;
  /** The user's message and what followed it. */
  readonly turn: Message[];
  /** Ids of all calls, the history's included. */
  readonly callIds: Set<string>;
  /** Prompts that this process has built for the node, as `step model`. */
  readonly built: Set<string>;
  lastMessages: readonly Message[];
  lastTools: readonly string[];
  /** How often each call (tool and arguments) was made, and what it gave last. */
  readonly repeats: Map<string, { times: number; result: string; warned: boolean }>;
  /** Messages in a row whose calls were all at fault. */
  faults: number;
  /** Counts against the node's budget and the run's; `past`: the run's has it already. */
  spend(
    what: { steps?: number; toolCalls?: number; inputTokens?: number; outputTokens?: number; costUsd?: number },
    past?: boolean,
  ): void;
}

/** What a model produced in one call. */
export interface Completion {
  content: string;
  reasoning: string;
  calls: ToolCall[];
  cited: ReadonlySet<number>;
  end: ModelEnd;
  /** Some of its text was passed on. */
  shown: boolean;
  firstMs?: number;
  ms: number;
}

/** The node's own budget. The run's, which is never wider, is the executor's. */
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
        `"${step.title}" reached its limit of ${what} without an answer. Raise it in the node's settings, or ask for less at once.`,
      );
  };
  return (what, past = false) => {
    steps += what.steps ?? 0;
    toolCalls += what.toolCalls ?? 0;
    tokens += (what.inputTokens ?? 0) + (what.outputTokens ?? 0);
    costUsd += what.costUsd ?? 0;
    check("step_limit", steps, most, `${most} steps`);
    check("tool_call_limit", toolCalls, budget.toolCalls, `${budget.toolCalls} tool calls`);
    if (!past) step.spend(what);
    check("token_limit", tokens, budget.tokens, `${budget.tokens} tokens`);
    check("cost_limit", costUsd, budget.costUsd, `$${budget.costUsd}`);
  };
}
