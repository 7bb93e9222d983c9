/** The usage of a run, counted from its events. Every reader counts with `addUsage`, so all agree. */
import type { EventBody, RunUsage, Usage } from "./event.ts";
import type { ModelProfile } from "./model.ts";

export function emptyUsage(): RunUsage {
  return { inputTokens: 0, outputTokens: 0, steps: 0, toolCalls: 0 };
}

/** Adds the usage of one event to `usage`, in place. A terminal event adds nothing: its `usage` is the sum of the others. */
export function addUsage(usage: RunUsage, event: EventBody): void {
  if (event.type === "message") usage.steps++;
  else if (event.type === "tool-start") usage.toolCalls++;
  else if (event.type === "usage") {
    usage.inputTokens += event.inputTokens;
    usage.outputTokens += event.outputTokens;
    if (event.costUsd !== undefined) usage.costUsd = (usage.costUsd ?? 0) + event.costUsd;
  }
}

/** The usage of a whole log, or of its beginning. */
export function totalUsage(events: Iterable<EventBody>): RunUsage {
  const usage = emptyUsage();
  for (const event of events) addUsage(usage, event);
  return usage;
}

/** Cost in US dollars. Prices are per million tokens. Undefined without prices. */
export function costOf(prices: ModelProfile["prices"], used: Usage): number | undefined {
  return prices && (used.inputTokens * prices.input + used.outputTokens * prices.output) / 1_000_000;
}
