/** Reads a completion while it streams. */

import { argumentsObject } from "../arguments-object.ts";
import type { CompletionParser } from "../formats/format.ts";
import { LEFT_OUT, sizeFault } from "../json-schema.ts";
import type { ToolCall } from "../message.ts";
import type { ChatRequest } from "../model.ts";
import { answerLimit, type Prompt } from "../prompt/build.ts";
import { estimateTokens } from "../prompt/tokens.ts";
import { readModel } from "../read-model.ts";
import { Citations } from "./citations.ts";
import { type Completion, type LoopState, profileOf } from "./loop-state.ts";
import { Preamble } from "./preamble.ts";
import { emitUsage, onAbort } from "./usage.ts";

/**
 * Requests completion `index` from the state's model. Separates text, reasoning and calls, removes false citations, and
 * passes text on as soon as it is certain.
 */
export async function readCompletion(state: LoopState, prompt: Prompt, index: number): Promise<Completion> {
  const { step, model, options, format } = state;
  const request: ChatRequest = {
    model: model.name,
    messages: prompt.messages,
    maxOutputTokens: answerLimit(profileOf(state), prompt.tokens),
  };
  if (prompt.nativeTools) request.tools = prompt.nativeTools;
  if (options.temperature !== null) request.temperature = options.temperature;
  if (options.topP !== null) request.topP = options.topP;
  if (options.effort !== "auto") request.effort = options.effort;
  if (options.schema && model.profile.structured) request.schema = options.schema;
  const stop = [...(prompt.tools.length > 0 ? format.stop : []), ...options.stop.filter((text) => text !== "")];
  if (stop.length > 0) request.stop = stop;

  let citations = new Citations(prompt.documents);
  const listening = step.host.listening?.() ?? true;
  const hold = prompt.tools.length > 0 && step.feedsReply;
  // A reply with a schema is shown after it was validated.
  const preamble = new Preamble((text, isReply) => step.delta("text", text, isReply && step.feedsReply), {
    quiet: !listening || options.schema !== null,
    hold,
  });
  let content = "";
  let reasoning = "";
  const think = (text: string) => {
    reasoning += text;
    if (listening) step.delta("reasoning", text);
  };
  /** All text so far was thoughts. */
  const recall = () => {
    const thoughts = content + citations.end();
    content = "";
    citations = new Citations(prompt.documents);
    if (preamble.recall(hold)) step.recallText();
    think(thoughts);
  };
  const newParser = (): CompletionParser =>
    format.parser(
      (kind, text) => {
        if (kind === "reasoning") return think(text);
        if (kind === "recall") return recall();
        const shown = citations.push(text);
        content += shown;
        preamble.push(shown);
      },
      { tools: prompt.tools.length > 0 },
    );
  let parser = newParser();

  const startedAt = step.host.now();
  let firstMs: number | undefined;
  const native: ToolCall[] = [];
  let received = "";
  const over = onAbort(state.signal, () => {
    const outputTokens = estimateTokens(received) + estimateTokens(reasoning);
    emitUsage(state, index, { inputTokens: prompt.tokens, outputTokens, estimated: true }, true);
  });
  const end = await readModel(step.host.chat(request, state.signal), model.name, (part) => {
    firstMs ??= step.host.now() - startedAt;
    if (part.type === "text-delta") {
      received += part.text;
      parser.push(part.text);
    } else if (part.type === "text-recall") {
      parser.end();
      recall();
      parser = newParser();
    } else if (part.type === "reasoning-delta") think(part.text);
    else if (part.type === "tool-call") native.push(part.call);
  }).finally(over);
  const calls = [...parser.end(), ...native];
  const rest = citations.end();
  content += rest;
  preamble.push(rest);
  preamble.end(calls.length === 0);
  normalizeCalls(calls, state);
  const ms = step.host.now() - startedAt;
  return {
    content,
    reasoning,
    calls,
    cited: citations.cited,
    end,
    shown: preamble.shown,
    ms,
    ...(firstMs === undefined ? {} : { firstMs }),
  };
}

/**
 * Prepares calls for the log: replaces missing, invalid and duplicate ids, so that each call of a conversation has its
 * own; reads arguments as an object; leaves out arguments that are too large or too deep.
 */
function normalizeCalls(calls: ToolCall[], { callIds }: LoopState): void {
  calls.forEach((call, at) => {
    let id = call.id;
    if (!/^[\w-]{1,64}$/.test(id) || callIds.has(id)) {
      let number = callIds.size + 1;
      while (callIds.has(`call-${number}`)) number++;
      id = `call-${number}`;
    }
    callIds.add(id);
    const name = call.name.slice(0, MAX_NAME);
    const given = call.raw === undefined ? argumentsObject(call.arguments) : call.arguments;
    const fault = sizeFault(given);
    if (fault) calls[at] = { id, name, raw: `${LEFT_OUT}${fault})` };
    else if (id !== call.id || name !== call.name || given !== call.arguments)
      calls[at] = { ...call, id, name, ...(given === undefined ? {} : { arguments: given }) };
  });
}

const MAX_NAME = 200;
