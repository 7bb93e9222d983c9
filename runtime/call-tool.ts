/**
 * One tool call, made at most once: the intent is stored before, the result after. An intent without a result in the log is
 * uncertain: a person decides, unless the tool is safe to repeat, or is an agent, whose own events are in the log.
 */
import { argumentsHash } from "./arguments-hash.ts";
import { withArtifacts } from "./artifact.ts";
import { type ErrorData, PatchbayError } from "./error.ts";
import { scopeKey } from "./event.ts";
import type { Step, Values } from "./node.ts";
import { Parked } from "./pending-work.ts";
import type { ToolResult, ToolSpec } from "./tool.ts";

type Call = Parameters<Step["callTool"]>[0];
type Options = NonNullable<Parameters<Step["callTool"]>[2]>;

/** Attempts of a repeatable tool before a lost connection is its result. */
const MAX_ATTEMPTS = 3;

/**
 * See `Step.callTool`. `intents`: number of intents of this call in the log. Rejects with `tool_failed` when a person
 * stops at an uncertain call, with `Parked`, with the abort's reason, or with the host's failure.
 */
export async function callTool(
  step: Step,
  call: Call,
  tool: ToolSpec,
  options: Options,
  intents: number,
): Promise<ToolResult> {
  const signal = options.signal ?? step.signal;
  const at = options.step === undefined ? {} : { step: options.step };
  const done = step.past("tool-end", (event) => event.call === call.id);
  if (done) return done.result;

  const emitEnd = (result: ToolResult, ms: number, error?: ErrorData) =>
    step.emit({ type: "tool-end", ...at, call: call.id, tool: tool.name, result, ms, ...(error && { error }) });
  const argsHash = argumentsHash(call.arguments);
  const idempotencyKey = [step.run.id, scopeKey(step.scope), step.node, call.id].filter(Boolean).join(":");
  let isUncertain = intents > 0;
  const isAgent = tool.name.startsWith("agent/");
  for (;;) {
    if (isUncertain && !tool.repeatable && !isAgent) {
      const { choice } = await step.wait(
        `uncertain:${call.id}:${intents}`,
        {
          kind: "uncertain",
          question: `It is not known whether ${tool.name} did its work. Call it again?`,
          call: { id: call.id, tool: tool.name, arguments: call.arguments },
          argsHash,
        },
        signal,
      );
      if (choice === "fail" || choice === "reject")
        throw new PatchbayError(
          "tool_failed",
          `The outcome of ${tool.name} is not known, and a person chose to stop here.`,
        );
      if (choice === "skip" || choice === "approve") {
        const result: ToolResult = {
          content: "It is not known whether this call did its work. It was not repeated.",
          error: true,
        };
        await emitEnd(result, 0);
        return result;
      }
    }
    signal.throwIfAborted();
    if (!(isAgent && isUncertain))
      await step.emit({
        type: "tool-start",
        ...at,
        call,
        tool: tool.name,
        argsHash,
        ...(options.proposed !== undefined && { proposed: options.proposed }),
        idempotencyKey,
        ...(intents > 0 ? { attempt: intents + 1 } : {}),
      });
    intents++;
    const startedAt = step.host.now();
    try {
      const given = isAgent
        ? await callAgent(step, tool, call, signal)
        : await callHost(step, tool, call, idempotencyKey, signal);
      const { usage, ...shaped } = options.shape ? await options.shape(given) : given;
      const result: ToolResult = shaped;
      // A failed write aborts the run by itself.
      if (usage) step.emit({ type: "usage", step: options.step ?? 0, call: call.id, ...usage }).catch(() => {});
      await emitEnd(result, step.host.now() - startedAt);
      if (usage) step.spend(usage);
      return result;
    } catch (thrown) {
      if (thrown instanceof Parked || signal.aborted) throw thrown;
      if (!(thrown instanceof PatchbayError) || thrown.code !== "connection_lost") throw thrown;
      if (tool.repeatable && intents >= MAX_ATTEMPTS) {
        const result: ToolResult = { content: thrown.message, error: true };
        await emitEnd(result, step.host.now() - startedAt, thrown.toData());
        return result;
      }
      isUncertain = true;
    }
  }
}

/** Calls the tool through the host. A missing artifact in the arguments is a result with `error`. */
async function callHost(
  step: Step,
  tool: ToolSpec,
  call: { id: string; arguments: unknown },
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<ToolResult> {
  let given: unknown;
  try {
    given = await withArtifacts(call.arguments, step.host.artifact);
  } catch (thrown) {
    if (thrown instanceof PatchbayError && thrown.code === "not_found") return { content: thrown.message, error: true };
    throw thrown;
  }
  const onProgress = (text: string) => {
    if (step.host.listening?.() ?? true) step.delta("progress", `${text}\n`);
  };
  return step.host.callTool({ id: call.id, tool: tool.name, arguments: given }, { idempotencyKey, onProgress }, signal);
}

/** Runs an agent as a body of this node. Its failure is a result with `error`; our own bugs throw. */
async function callAgent(
  step: Step,
  tool: ToolSpec,
  call: { id: string; arguments: unknown },
  signal: AbortSignal,
): Promise<ToolResult> {
  try {
    const graph = await step.host.graph(tool.name.slice("agent/".length));
    const values = await step.runBody(graph, { call: call.id }, (call.arguments ?? {}) as Values, { signal });
    const reply = values.reply ?? "";
    return typeof reply === "string" ? { content: reply } : { content: JSON.stringify(reply), value: reply };
  } catch (thrown) {
    if (thrown instanceof Parked || signal.aborted) throw thrown;
    if (thrown instanceof PatchbayError && thrown.code !== "internal") return { content: thrown.message, error: true };
    throw thrown;
  }
}
