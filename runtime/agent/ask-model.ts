/** One model call without tools, for nodes that need a decision and not a conversation. */

import type { Message } from "../message.ts";
import type { Step } from "../node.ts";
import { estimate, estimateTokens, messageTokens } from "../prompt/tokens.ts";
import { readModel, throwIfFailed } from "../read-model.ts";
import type { JsonSchema } from "../tool.ts";
import { emitUsage, onAbort, type StepUsage } from "./usage.ts";

/**
 * Resolves with the text of the completion. A finished completion in the log is not requested again. `schema` is passed
 * to models that take one; the text is not validated. Rejects with the model's failure.
 */
export async function askModel(
  step: Step,
  request: { model: string; messages: Message[]; schema?: JsonSchema; temperature?: number },
): Promise<string> {
  const done = step.past("message", (event) => event.step === 0);
  if (done) return done.message.content;
  step.spend({ steps: 1 });
  const model = await step.host.model(request.model);
  const startedAt = step.host.now();
  let text = "";
  let reasoning = "";
  const over = onAbort(step.signal, () => {
    const inputTokens = request.messages.reduce((sum, message) => sum + messageTokens(message, estimate), 0);
    const outputTokens = estimateTokens(text) + estimateTokens(reasoning);
    emitUsage({ step, model }, 0, { inputTokens, outputTokens, estimated: true }, true);
  });
  const events = step.host.chat({ ...request, model: model.name }, step.signal);
  const end = await readModel(events, model.name, (part) => {
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "text-recall") {
      reasoning += text;
      step.delta("reasoning", text);
      text = "";
    } else if (part.type === "reasoning-delta") {
      reasoning += part.text;
      step.delta("reasoning", part.text);
    }
  }).finally(over);
  throwIfFailed(end, step.signal);
  await step.emit({
    type: "message",
    step: 0,
    model: model.name,
    message: { role: "assistant", content: text, ...(reasoning ? { reasoning } : {}) },
    reason: end.reason,
    ms: step.host.now() - startedAt,
    ...(end.attempts?.length ? { attempts: end.attempts } : {}),
  });
  if (end.usage) {
    const usage: StepUsage = { ...end.usage };
    emitUsage({ step, model }, 0, usage);
    step.spend(usage);
  }
  return text;
}
