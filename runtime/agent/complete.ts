/** One completion: builds and logs the prompt, reads the stream, and falls back to another model on failure. */
import { type ErrorData, PatchbayError } from "../error.ts";
import type { BodyOf, FinishReason } from "../event.ts";
import { formatFor } from "../formats/index.ts";
import type { AssistantMessage } from "../message.ts";
import type { Model, ModelEnd } from "../model.ts";
import { buildPrompt, limitOf, type Prompt, type PromptRequest } from "../prompt/build.ts";
import { commonMessages } from "../prompt/common-messages.ts";
import { tokenizerOf } from "../prompt/tokens.ts";
import { Citations } from "./citations.ts";
import { type LoopState, profileOf } from "./loop-state.ts";
import { readOnly } from "./offers.ts";
import { readCompletion } from "./read-completion.ts";
import { emitUsage, usageOf } from "./usage.ts";

export interface CompletedMessage {
  message: AssistantMessage;
  reason: FinishReason;
  /** Numbers of the documents that the text cites. */
  cited: ReadonlySet<number>;
  /** It is from the log. */
  past: boolean;
  /** Resolves when the message is on disk. */
  stored: Promise<unknown>;
}

/**
 * Returns completion `index` from the log, else from the model. A failed model is replaced by its fallback unless text
 * was shown. Rejects with the model's failure, `context_overflow`, a limit, or the abort's reason.
 */
export async function complete(state: LoopState, index: number): Promise<CompletedMessage> {
  const { step } = state;
  const past = step.past("message", (event) => event.step === index && !FAILED.has(event.reason));
  const failures: { error: ErrorData; waitedMs: number }[] = [];
  if (!past) state.spend({ steps: 1 });
  for (;;) {
    if (past && past.model !== state.model.name) await switchModel(state, past.model);
    const prompt = await build(state, index);
    if (past) {
      // Its false markers were removed before it was stored.
      const citations = new Citations(prompt.documents);
      citations.push(past.message.content);
      for (const call of past.message.calls ?? []) state.callIds.add(call.id);
      const used = step.past("usage", (event) => event.step === index && event.call === undefined);
      state.spend(
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
    const completion = await readCompletion(state, prompt, index);
    const { end } = completion;
    const usage = usageOf(end, prompt, completion);
    const failed = FAILED.has(end.reason);
    state.signal.throwIfAborted();

    if (end.reason === "error" && !completion.shown && state.model.profile.nativeTools && prompt.nativeTools) {
      // The failure may have shown that the model takes no tools: they are written into the prompt then.
      const model = await step.host.model(state.model.name);
      if (!model.profile.nativeTools && state.options.format === "auto") {
        failures.push({ error: failureOf(end, state.model), waitedMs: 0 });
        state.model = model;
        continue;
      }
    }

    if (end.reason === "error" && !completion.shown && state.model.fallback && !state.tried.has(state.model.fallback)) {
      failures.push(...(end.attempts ?? []), { error: failureOf(end, state.model), waitedMs: 0 });
      if (end.usage) emitUsage(state, index, usage);
      state.tried.add(state.model.name);
      await switchModel(state, state.model.fallback);
      continue;
    }

    if (end.error?.code === "context_overflow" && !completion.shown && state.limit === undefined) {
      failures.push({ error: end.error, waitedMs: 0 });
      state.overflow = end.error;
      const { contextTokens } = state.model.profile;
      state.model = await step.host.model(state.model.name);
      // The refusal may have named the true limit. Else the tokens were counted too low: once, with less.
      const learned = state.model.profile.contextTokens < contextTokens;
      if (!learned || prompt.tokens <= limitOf(profileOf(state))) state.limit = Math.floor(prompt.tokens * SHORTER);
      continue;
    }

    const message: AssistantMessage = { role: "assistant", content: completion.content };
    if (completion.reasoning) message.reasoning = completion.reasoning;
    if (completion.calls.length > 0 && !failed) message.calls = completion.calls;
    if (end.providerData) message.providerData = end.providerData;
    const attempts = [...failures, ...(end.attempts ?? [])];
    const body: Omit<BodyOf<"message">, "node" | "scope"> = {
      type: "message",
      step: index,
      model: state.model.name,
      message,
      reason: end.reason,
      ms: completion.ms,
    };
    if (completion.firstMs !== undefined) body.firstMs = completion.firstMs;
    if (attempts.length > 0) body.attempts = attempts;
    // A failed call without text has no message event.
    const stored = failed && message.content === "" ? Promise.resolve() : step.emit(body);
    if (!failed || end.usage) emitUsage(state, index, usage);
    if (failed) {
      await stored;
      const error = failureOf(end, state.model);
      throw new PatchbayError(error.code, error.message);
    }
    state.spend({
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      ...(usage.costUsd === undefined ? {} : { costUsd: usage.costUsd }),
    });
    return { message, reason: end.reason, cited: completion.cited, past: false, stored };
  }
}

/** Finish reasons of failed completions. */
const FAILED: ReadonlySet<FinishReason> = new Set(["error", "aborted", "refused"]);

/** The next limit after an overflow, as a share of the prompt that was too long. */
const SHORTER = 0.6;

/** Continues with another model. A demo model keeps only the tools that read. */
async function switchModel(state: LoopState, name: string): Promise<void> {
  state.model = await state.step.host.model(name);
  delete state.limit;
  delete state.overflow;
  if (state.model.demo) state.offers = readOnly(state.offers);
}

/** Builds the prompt and logs it, unless the log has it. */
async function build(state: LoopState, index: number): Promise<Prompt> {
  const { step, model, options, offers } = state;
  const profile = profileOf(state);
  const format = formatFor(options.format, profile, offers.byName.size > 0);
  const tokenizer = tokenizerOf(model.name);
  const key = `${index} ${model.name}`;
  const logged = state.built.has(key)
    ? undefined
    : step.past("prompt-built", (event) => event.step === index && event.model === model.name);
  state.built.add(key);
  if (logged && logged.limit < limitOf(profile)) state.limit = logged.limit;
  const prompt = buildWithin(state, {
    profile,
    ...(state.limit === undefined ? {} : { limit: state.limit }),
    tokenizer: tokenizer instanceof Promise ? await tokenizer : tokenizer,
    format,
    language: state.language,
    instructions: state.instructions,
    answerIn: step.run.settings.language,
    ...(options.schema && !profile.structured ? { schema: JSON.stringify(options.schema) } : {}),
    examples: options.examples,
    tools: offers.shown,
    hiddenTools: offers.hidden,
    documents: state.documents,
    history: state.history,
    turn: state.turn,
  });
  const keep = commonMessages(state.lastMessages, prompt.messages);
  const names = prompt.tools.map((tool) => offers.byName.get(tool.name)!.name);
  const sameTools = names.length === state.lastTools.length && names.every((name, at) => name === state.lastTools[at]);
  if (!logged) {
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
    // A failed write aborts the run, so the model call need not wait.
    step.emit(body).catch(() => {});
  }
  state.lastMessages = prompt.messages;
  state.lastTools = names;
  state.format = format;
  return prompt;
}

/** The prompt; after a refusal of the endpoint that nothing can be left out for, throws that refusal. */
function buildWithin({ overflow }: LoopState, request: PromptRequest): Prompt {
  try {
    return buildPrompt(request);
  } catch (error) {
    if (!overflow || !(error instanceof PatchbayError) || error.code !== "context_overflow") throw error;
    throw new PatchbayError(overflow.code, overflow.message);
  }
}

function failureOf(end: ModelEnd, model: Model): ErrorData {
  if (end.error) return end.error;
  if (end.reason === "refused") return { code: "refused", message: `${model.name} refused to reply.` };
  return { code: "bad_response", message: `${model.name} failed without a reason.` };
}
