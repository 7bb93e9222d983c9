/** One question to a model without tools: for nodes that need a decision, not a conversation. */

import { PatchbayError } from "../error.ts";
import type { Usage } from "../event.ts";
import type { Message } from "../message.ts";
import type { Step } from "../node.ts";
import { estimate, estimateTokens, messageTokens } from "../prompt/tokens.ts";
import type { JsonSchema } from "../tool.ts";
import { costOf } from "../usage.ts";
import { onAbort } from "./usage.ts";

/**
 * Asks once and resolves with the text of the answer. Journalled: a finished answer is not asked for again.
 * `schema` is passed on to models that take one; the answer is not validated here. Rejects with the model's failure.
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
  const tell = (used: { inputTokens: number; outputTokens: number; estimated?: boolean }, aborting = false): Usage => {
    const costUsd = costOf(model.profile.prices, used);
    const usage = { ...used, ...(costUsd !== undefined && { costUsd }) };
    // A failed write aborts the run by itself.
    step.emit({ type: "usage", step: 0, model: model.name, ...usage }, { aborting }).catch(() => {});
    return usage;
  };
  const over = onAbort(step.signal, () => {
    const inputTokens = request.messages.reduce((sum, message) => sum + messageTokens(message, estimate), 0);
    const outputTokens = estimateTokens(text) + estimateTokens(reasoning);
    tell({ inputTokens, outputTokens, estimated: true }, true);
  });
  for await (const event of step.host.chat({ ...request, model: model.name }, step.signal)) {
    if (event.type === "text-delta") text += event.text;
    else if (event.type === "reasoning-delta") {
      reasoning += event.text;
      step.delta("reasoning", event.text);
    } else if (event.type === "end") {
      over();
      step.signal.throwIfAborted();
      if (event.error) throw new PatchbayError(event.error.code, event.error.message);
      await step.emit({
        type: "message",
        step: 0,
        model: model.name,
        message: { role: "assistant", content: text, ...(reasoning ? { reasoning } : {}) },
        reason: event.reason,
        ms: step.host.now() - startedAt,
        ...(event.attempts?.length ? { attempts: event.attempts } : {}),
      });
      if (event.usage) step.spend(tell(event.usage));
    }
  }
  return text;
}
