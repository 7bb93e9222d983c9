/** One message of the model: the prompt built and told, the answer read while it streams, its failure turned over to the fallback model. */
import { type ErrorData, PatchbayError } from "../error.ts";
import type { BodyOf, FinishReason } from "../event.ts";
import { formatFor } from "../formats/index.ts";
import type { AssistantMessage, ToolCall } from "../message.ts";
import type { ChatRequest, Model, ModelEvent } from "../model.ts";
import { buildPrompt, limitOf, type Prompt } from "../prompt/build.ts";
import { commonMessages } from "../prompt/keep.ts";
import { estimateTokens, tokenizerOf } from "../prompt/tokens.ts";
import { Citations } from "./citations.ts";
import { readOnly } from "./offers.ts";
import { Preamble } from "./preamble.ts";
import { LEFT_OUT, sizeFault } from "./schema.ts";
import type { Talk } from "./talk.ts";

export interface Asked {
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
export async function ask(talk: Talk, index: number): Promise<Asked> {
  const { step } = talk;
  const past = step.past(
    "message",
    (event) => event.step === index && event.reason !== "error" && event.reason !== "aborted",
  );
  const failures: { error: ErrorData; waitedMs: number }[] = [];
  for (;;) {
    if (past && past.model !== talk.model.name) await turnTo(talk, past.model);
    const prompt = await build(talk, index);
    if (past) {
      // Its markers were checked when it was made.
      const citations = new Citations(prompt.documents);
      citations.push(past.message.content);
      for (const call of past.message.calls ?? []) talk.callIds.add(call.id);
      const used = step.past("usage", (event) => event.step === index);
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
    talk.spend({ steps: 1 });
    const answer = await stream(talk, prompt);
    const { end } = answer;
    const usage = usageOf(end, prompt, answer);
    const failed = end.reason === "error" || end.reason === "aborted" || end.reason === "refused";
    talk.signal.throwIfAborted();

    if (
      failed &&
      end.reason === "error" &&
      !answer.shown &&
      talk.model.fallback &&
      !talk.tried.has(talk.model.fallback)
    ) {
      failures.push(...(end.attempts ?? []), { error: failureOf(end, talk.model), waitedMs: 0 });
      tellUsage(talk, index, usage, end.usage !== undefined);
      talk.tried.add(talk.model.name);
      await turnTo(talk, talk.model.fallback);
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
    tellUsage(talk, index, usage, !failed || end.usage !== undefined);
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

/** How much of a prompt that was too long is tried next. */
const SHORTER = 0.6;

/** Goes on with another model; a demo model loses the tools that do more than read. */
async function turnTo(talk: Talk, name: string): Promise<void> {
  talk.model = await talk.step.host.model(name);
  delete talk.limit;
  if (talk.model.demo) talk.offers = readOnly(talk.offers);
}

/** Builds the prompt and tells it, unless the log has it. */
async function build(talk: Talk, index: number): Promise<Prompt> {
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

type End = Extract<ModelEvent, { type: "end" }>;

interface Answer {
  content: string;
  reasoning: string;
  calls: ToolCall[];
  cited: ReadonlySet<number>;
  end: End;
  /** Some of its text was passed on. */
  shown: boolean;
  firstMs?: number;
  ms: number;
}

async function stream(talk: Talk, prompt: Prompt): Promise<Answer> {
  const { step, model, options, format } = talk;
  const request: ChatRequest = {
    model: model.name,
    messages: prompt.messages,
    maxOutputTokens: model.profile.outputTokens,
  };
  if (prompt.nativeTools) request.tools = prompt.nativeTools;
  if (options.temperature !== null) request.temperature = options.temperature;
  if (options.schema && model.profile.structured) request.schema = options.schema;
  if (format.stop.length > 0 && prompt.tools.length > 0) request.stop = [...format.stop];

  const citations = new Citations(prompt.documents);
  const listening = step.host.listening?.() ?? true;
  // An answer that must match a schema is shown when it does.
  const preamble = new Preamble((text, answer) => step.delta("text", text, answer && step.answers), {
    quiet: !listening || options.schema !== null,
    hold: prompt.tools.length > 0 && step.answers,
  });
  let content = "";
  let reasoning = "";
  const think = (text: string) => {
    reasoning += text;
    if (listening) step.delta("reasoning", text);
  };
  const parser = format.parser(
    (kind, text) => {
      if (kind === "reasoning") return think(text);
      const shown = citations.push(text);
      content += shown;
      preamble.push(shown);
    },
    { tools: prompt.tools.length > 0 },
  );

  const startedAt = step.host.now();
  let firstMs: number | undefined;
  let end: End | undefined;
  const native: ToolCall[] = [];
  for await (const event of step.host.chat(request, talk.signal)) {
    if (event.type === "end") {
      end = event;
      break;
    }
    firstMs ??= step.host.now() - startedAt;
    if (event.type === "text-delta") parser.push(event.text);
    else if (event.type === "reasoning-delta") think(event.text);
    else if (event.type === "tool-call") native.push(event.call);
  }
  end ??= {
    type: "end",
    reason: "error",
    error: { code: "bad_response", message: `${model.name} ended its answer without saying so.` },
  };
  const calls = [...parser.end(), ...native];
  const rest = citations.end();
  content += rest;
  preamble.push(rest);
  preamble.end(calls.length === 0);
  nameCalls(calls, talk);
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
 * Makes calls fit to be kept: ids that are missing, odd or taken are replaced, so that each call of a conversation has
 * its own; arguments that are too large or too deep are left out.
 */
function nameCalls(calls: ToolCall[], { callIds }: Talk): void {
  calls.forEach((call, at) => {
    let id = call.id;
    if (!/^[\w-]{1,64}$/.test(id) || callIds.has(id)) {
      let number = callIds.size + 1;
      while (callIds.has(`call-${number}`)) number++;
      id = `call-${number}`;
    }
    callIds.add(id);
    const name = call.name.slice(0, MAX_NAME);
    const fault = sizeFault(call.arguments);
    if (fault) calls[at] = { id, name, raw: `${LEFT_OUT}${fault})` };
    else if (id !== call.id || name !== call.name) calls[at] = { ...call, id, name };
  });
}

const MAX_NAME = 200;

function failureOf(end: End, model: Model): ErrorData {
  if (end.error) return end.error;
  if (end.reason === "refused") return { code: "refused", message: `${model.name} refused to answer.` };
  return { code: "bad_response", message: `${model.name} failed without saying why.` };
}

interface StepUsage {
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
  estimated: boolean;
}

/** More than any model takes in one call: such a number is a mistake. */
const MAX_TOKENS = 100_000_000;

/** What the endpoint says it used; where it says nothing, or nonsense, an estimate, so that budgets hold. */
function usageOf(end: End, prompt: Prompt, answer: Answer): StepUsage {
  const good = (tokens: unknown): tokens is number => typeof tokens === "number" && tokens >= 0 && tokens <= MAX_TOKENS;
  const told = end.usage;
  const inputTokens = good(told?.inputTokens) ? told.inputTokens : prompt.tokens;
  const outputTokens = good(told?.outputTokens)
    ? told.outputTokens
    : estimateTokens(answer.content) +
      estimateTokens(answer.reasoning) +
      answer.calls.reduce((sum, call) => sum + estimateTokens(call.raw ?? JSON.stringify(call.arguments ?? {})), 0);
  return { inputTokens, outputTokens, estimated: !good(told?.inputTokens) || !good(told?.outputTokens) };
}

function tellUsage({ step, model }: Talk, index: number, usage: StepUsage, real: boolean): void {
  if (!real) return;
  const { prices } = model.profile;
  if (prices) usage.costUsd = (usage.inputTokens * prices.input + usage.outputTokens * prices.output) / 1_000_000;
  const body: Omit<BodyOf<"usage">, "node" | "scope"> = {
    type: "usage",
    step: index,
    model: model.name,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
  };
  if (usage.costUsd !== undefined) body.costUsd = usage.costUsd;
  if (usage.estimated) body.estimated = true;
  step.emit(body).catch(() => {});
}
