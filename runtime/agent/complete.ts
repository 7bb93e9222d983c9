/** One message of the model: the prompt built and told, the answer read while it streams, its failure turned over to the fallback model. */
import { type ErrorData, PatchbayError } from "../error.ts";
import type { BodyOf, FinishReason } from "../event.ts";
import { formatFor } from "../formats/index.ts";
import type { AssistantMessage } from "../message.ts";
import type { Model, ModelEnd } from "../model.ts";
import { buildPrompt, limitOf, type Prompt } from "../prompt/build.ts";
import { commonMessages } from "../prompt/common-messages.ts";
import { tokenizerOf } from "../prompt/tokens.ts";
import { Citations } from "./citations.ts";
import type { LoopState } from "./loop-state.ts";
import { readOnly } from "./offers.ts";
import { readCompletion } from "./read-completion.ts";
import { emitUsage, usageOf } from "./usage.ts";

export interface CompletedMessage {
  message: AssistantMessage;
  reason: FinishReason;
  /** Numbers of the documents that the text cites. */
  cited: ReadonlySet<number>;
  /** It was in the log already. */
  past: boolean;
  /** Resolves when the message is on disk. */
  stored: Promise<unknown>;
}

/**
 * Gets message `index` of the talk: from the log where it has it, else from the model. A failed model is followed by
 * its fallback unless text was shown already. Throws the model's failure, `context_overflow`, a limit, or the abort's reason.
 */
export async function complete(talk: LoopState, index: number): Promise<CompletedMessage> {
  const { step } = talk;
  const past = step.past("message", (event) => event.step === index && !FAILED.has(event.reason));
  const failures: { error: ErrorData; waitedMs: number }[] = [];
  if (!past) talk.spend({ steps: 1 });
  for (;;) {
    if (past && past.model !== talk.model.name) await switchModel(talk, past.model);
    const prompt = await build(talk, index);
    if (past) {
      // Its markers were checked when it was made.
      const citations = new Citations(prompt.documents);
      citations.push(past.message.content);
      for (const call of past.message.calls ?? []) talk.callIds.add(call.id);
      const used = step.past("usage", (event) => event.step === index && event.call === undefined);
      talk.spend(
        {
          steps: 1,
          inputTokens: used?.inputTokens ?? 0,
          outputTokens: used?.outputTokens ?? 0,
          costUsd: used?.costUsd ?? 0,
        },
        true,
      );
      return {
        message: past.message,
        reason: past.reason,
        cited: citations.cited,
        past: true,
        stored: Promise.resolve(),
      };
    }
    const answer = await readCompletion(talk, prompt, index);
    const { end } = answer;
    const usage = usageOf(end, prompt, answer);
    const failed = FAILED.has(end.reason);
    talk.signal.throwIfAborted();

    if (end.reason === "error" && !answer.shown && talk.model.fallback && !talk.tried.has(talk.model.fallback)) {
      failures.push(...(end.attempts ?? []), { error: failureOf(end, talk.model), waitedMs: 0 });
      if (end.usage) emitUsage(talk, index, usage);
      talk.tried.add(talk.model.name);
      await switchModel(talk, talk.model.fallback);
      continue;
    }

    if (end.error?.code === "context_overflow" && !answer.shown && talk.limit === undefined) {
      // The profile promised too much, or the tokens were counted too low: once, with less.
      failures.push({ error: end.error, waitedMs: 0 });
      talk.limit = Math.floor(prompt.tokens * SHORTER);
      continue;
    }

    const message: AssistantMessage = { role: "assistant", content: answer.content };
    if (answer.reasoning) message.reasoning = answer.reasoning;
    if (answer.calls.length > 0 && !failed) message.calls = answer.calls;
    const attempts = [...failures, ...(end.attempts ?? [])];
    const body: Omit<BodyOf<"message">, "node" | "scope"> = {
      type: "message",
      step: index,
      model: talk.model.name,
      message,
      reason: end.reason,
      ms: answer.ms,
    };
    if (answer.firstMs !== undefined) body.firstMs = answer.firstMs;
    if (attempts.length > 0) body.attempts = attempts;
    // A failed call that said nothing is told by the failure alone.
    const stored = failed && message.content === "" ? Promise.resolve() : step.emit(body);
    if (!failed || end.usage) emitUsage(talk, index, usage);
    if (failed) {
      await stored;
      const error = failureOf(end, talk.model);
      throw new PatchbayError(error.code, error.message);
    }
    talk.spend({
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      ...(usage.costUsd === undefined ? {} : { costUsd: usage.costUsd }),
    });
    return { message, reason: end.reason, cited: answer.cited, past: false, stored };
  }
}

/** Answers that are none. */
const FAILED: ReadonlySet<FinishReason> = new Set(["error", "aborted", "refused"]);

/** How much of a prompt that was too long is tried next. */
const SHORTER = 0.6;

/** Goes on with another model; a demo model loses the tools that do more than read. */
async function switchModel(talk: LoopState, name: string): Promise<void> {
  talk.model = await talk.step.host.model(name);
  delete talk.limit;
  if (talk.model.demo) talk.offers = readOnly(talk.offers);
}

/** Builds the prompt and tells it, unless the log has it. */
async function build(talk: LoopState, index: number): Promise<Prompt> {
  const { step, model, options, offers } = talk;
  const { profile } = model;
  const format = formatFor(options.format, profile, offers.byName.size > 0);
  const tokenizer = tokenizerOf(model.name);
  const key = `${index} ${model.name}`;
  const told = talk.built.has(key)
    ? undefined
    : step.past("prompt-built", (event) => event.step === index && event.model === model.name);
  talk.built.add(key);
  if (told && told.limit < limitOf(profile)) talk.limit = told.limit;
  const prompt = buildPrompt({
    profile,
    ...(talk.limit === undefined ? {} : { limit: talk.limit }),
    tokenizer: tokenizer instanceof Promise ? await tokenizer : tokenizer,
    format,
    language: talk.language,
    instructions: talk.instructions,
    answerIn: step.run.settings.language,
    ...(options.schema && !profile.structured ? { schema: JSON.stringify(options.schema) } : {}),
    examples: options.examples,
    tools: offers.shown,
    hiddenTools: offers.hidden,
    documents: talk.documents,
    history: talk.history,
    turn: talk.turn,
  });
  const keep = commonMessages(talk.lastMessages, prompt.messages);
  const names = prompt.tools.map((tool) => offers.byName.get(tool.name)!.name);
  const sameTools = names.length === talk.lastTools.length && names.every((name, at) => name === talk.lastTools[at]);
  if (!told) {
    const body: Omit<BodyOf<"prompt-built">, "node" | "scope"> = {
      type: "prompt-built",
      step: index,
      model: model.name,
      format: format.id,
      pieces: prompt.pieces,
      tokens: prompt.tokens,
      limit: prompt.limit,
      keep,
      messages: prompt.messages.slice(keep),
    };
    if (!sameTools) body.tools = names;
    // A prompt that could not be stored stops the run by itself; the model need not wait for it.
    step.emit(body).catch(() => {});
  }
  talk.lastMessages = prompt.messages;
  talk.lastTools = names;
  talk.format = format;
  return prompt;
}

function failureOf(end: ModelEnd, model: Model): ErrorData {
  if (end.error) return end.error;
  if (end.reason === "refused") return { code: "refused", message: `${model.name} refused to answer.` };
  return { code: "bad_response", message: `${model.name} failed without saying why.` };
}
