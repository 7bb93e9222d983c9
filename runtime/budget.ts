/** The limits of a whole run. */
import { PatchbayError } from "./error.ts";
import type { RunEvent, RunUsage } from "./event.ts";
import type { Budget as BudgetSettings } from "./graph.ts";
import { addUsage, emptyUsage } from "./usage.ts";

export interface Limits {
  steps: number;
  toolCalls: number;
  /** Depth of bodies and called agents. */
  nesting: number;
  tokens: number;
  costUsd: number;
  /** Active time; waiting for a person does not count. */
  activeMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  steps: 50,
  toolCalls: 25,
  nesting: 8,
  tokens: 200_000,
  costUsd: Number.POSITIVE_INFINITY,
  activeMs: 600_000,
};

export type Spending = Partial<RunUsage>;

/** The host's limits, lowered by the graph's budget. */
export function narrow(limits: Limits, own: BudgetSettings): Limits {
  return {
    steps: Math.min(limits.steps, own.steps ?? limits.steps),
    toolCalls: Math.min(limits.toolCalls, own.toolCalls ?? limits.toolCalls),
    nesting: limits.nesting,
    tokens: Math.min(limits.tokens, own.tokens ?? limits.tokens),
    costUsd: Math.min(limits.costUsd, own.costUsd ?? limits.costUsd),
    activeMs: Math.min(limits.activeMs, own.seconds === undefined ? limits.activeMs : own.seconds * 1000),
  };
}

export class Budget {
  readonly limits: Limits;
  readonly #used = emptyUsage();

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Counts the next step or call, or used tokens and cost. Throws the error of a limit that is exceeded. */
  spend(spending: Spending): void {
    const { limits } = this;
    const used = this.#used;
    used.steps += spending.steps ?? 0;
    used.toolCalls += spending.toolCalls ?? 0;
    used.inputTokens += spending.inputTokens ?? 0;
    used.outputTokens += spending.outputTokens ?? 0;
    used.costUsd = (used.costUsd ?? 0) + (spending.costUsd ?? 0);
    if (used.steps > limits.steps) throw limitError("step_limit", `${limits.steps} model steps`);
    if (used.toolCalls > limits.toolCalls) throw limitError("tool_call_limit", `${limits.toolCalls} tool calls`);
    if (used.inputTokens + used.outputTokens > limits.tokens)
      throw limitError("token_limit", `${limits.tokens} tokens`);
    if (used.costUsd > limits.costUsd) throw limitError("cost_limit", `$${limits.costUsd}`);
  }

  /** Counts the usage of a resumed run without checking limits. Returns its active milliseconds. */
  restore(past: readonly RunEvent[]): number {
    let active = 0;
    let since = past[0]?.at ?? 0;
    past.forEach((event, index) => {
      addUsage(this.#used, event);
      const next = past[index + 1];
      if (!next || next.type === "run-resume") {
        active += event.at - since;
        since = next?.at ?? 0;
      }
    });
    return active;
  }
}

function limitError(
  code: "step_limit" | "tool_call_limit" | "token_limit" | "cost_limit",
  limit: string,
): PatchbayError {
  return new PatchbayError(
    code,
    `The run reached its limit of ${limit}. Raise it in the agent's settings under "budget", or ask for less in one run.`,
  );
}
