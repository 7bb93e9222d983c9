/**
 * What a refusal teaches: a parameter that a server does not take, a rule of its chat template, the size of its context.
 * Servers refuse in words alone, so the words decide. A wrong guess costs one more request and is not remembered.
 */
import type { Dialect } from "./dialect.ts";
import type { Failure, Said } from "./failure.ts";
import { type ChatBody, providerKeys, REASONING_KEYS } from "./request-body.ts";

export interface Lesson {
  dialect: Dialect;
  /** Tokens that this prompt leaves for the answer; not remembered. */
  room?: number;
}

const REFUSES =
  /unsupported|not supported|(?:does not|doesn't|only) support|not (?:allowed|permitted|available|accepted|recognized|enabled|implemented)|unrecognized|unknown|unexpected|extra(?:neous)?\b|unavailable|deprecated|cannot find field|(?:cannot|can not|must not) be|only .{0,40}allowed|invalid/i;
const SYSTEM =
  /\bsystem\b.{0,40}\b(?:not|un\w+|cannot|can't|isn't|invalid|disabled)\b|(?:\bnot\b|n't\b|\bun\w+|invalid).{0,60}\bsystem\b|developer instruction|should be ["'`]user["'`] or|only user(?:,? and|,| or) (?:assistant|model)/i;
const TURNS =
  /alternat|consecutive|in turns|same role|system\W{0,3}(?:message|role|prompt)?.{0,30}(?:first|beginning|start|once)|(?:only|more than|multiple|single) (?:one )?system|optional system|(?:first|last) (?:message|role)|(?:start|begin|end)s? with (?:an? )?["'`]?(?:user|system)|unexpected role|expected last role|roles? must|after (?:role )?["'`]?(?:tool|assistant|user)/i;
const MISSING = /missing|must be|required|requires|expected|lacks|passed back|should be/i;
const SCHEMA =
  /schema|function.?declaration|parameters|propert|\bitems\b|\$ref|\$defs|any_?of|one_?of|all_?of|function name|tools?[.[]|cannot find field|pattern|nullable|input_schema/i;
const TOOLS =
  /(?:not|n't|un)\W{0,2}(?:support|allow|enabl|implement)\w*(?: for| the| any)? ["'`]?(?:tools?\b|function.?call|tool.?(?:call|use|choice))|["'`]?(?:tools?|functions?|(?:tool|function).?(?:calls?|calling|use|choice))["'`]? (?:is|are) (?:not|un)\W{0,1}(?:support|allow|enabl|implement|avail)|enable-auto-tool-choice|tool-call-parser|no endpoints found that support tool/i;
/** The least answer that is worth a request. */
const LEAST_ROOM = 16;
/** The answer that is tried when a refusal for length has no numbers. */
const SHORT_ANSWER = 512;

/** Whether a failure may be one of what the request looked like. */
export function mayTeach(failed: Failure): failed is Failure & { said: Said } {
  if (!failed.said) return false;
  const { status, text } = failed.said;
  if (failed.error.code === "context_overflow" || failed.error.code === "bad_response") return true;
  // Servers that fill a chat template answer its refusal with 500, and some do not know what they do not have.
  if (status === 404 || status === 501) return /parameter|argument|role|support/i.test(text);
  return (
    failed.error.code === "provider_unavailable" &&
    /template|\brole|alternat|system (?:role|message|prompt)/i.test(text)
  );
}

/** Whether the server takes no tools for the model, or was started without a parser for its calls (vLLM). */
export function refusesTools(said: Said, body: ChatBody): boolean {
  return Boolean(body.tools?.length) && TOOLS.test(said.text);
}

/** Changes of the request to try, the likeliest first. Some may change nothing in this body. */
export function* lessons(said: Said, body: ChatBody, dialect: Dialect, overflow: boolean): Generator<Lesson> {
  const { text } = said;
  const answer = (body.max_tokens ?? body.max_completion_tokens) as number | undefined;
  if (overflow) {
    const { context, prompt } = said.overflow;
    const learned = context === undefined ? dialect : { ...dialect, contextTokens: context };
    if (answer === undefined) return;
    if (context !== undefined && prompt !== undefined) {
      const room = context - prompt;
      if (room >= LEAST_ROOM && room < answer) yield { dialect: learned, room };
    } else if (answer > SHORT_ANSWER) yield { dialect: learned, room: SHORT_ANSWER };
    return;
  }
  const most = answer === undefined ? undefined : answerLimitIn(text, answer);
  if (most !== undefined) yield { dialect: { ...dialect, outputTokens: most } };
  for (const name of refusedParameters(said, body)) yield { dialect: withoutParameter(dialect, name, body) };

  const named = (keys: readonly string[]): boolean => keys.some((key) => names(said, key));
  if (/signature/i.test(text) && MISSING.test(text)) yield { dialect: { ...dialect, signatures: true } };
  const thoughtsMissing = named(["reasoning_content"]) && MISSING.test(text);
  if (thoughtsMissing && !REFUSES.test(text)) yield { dialect: { ...dialect, reasoning: "always" } };
  if (named(REASONING_KEYS)) yield { dialect: { ...dialect, reasoning: "never" } };
  if (thoughtsMissing) yield { dialect: { ...dialect, reasoning: "always" } };
  if (named(providerKeys(body))) yield { dialect: { ...dialect, noProviderData: true } };
  if (SYSTEM.test(text) && !/\b(?:first|beginning|start)\b/i.test(text))
    yield { dialect: { ...dialect, noSystem: true } };
  if (TURNS.test(text)) {
    yield { dialect: { ...dialect, turns: true } };
    // A template that knows no system message counts it as one of the turns.
    yield { dialect: { ...dialect, turns: true, noSystem: true } };
  }
  if (/\broles?\b|chat.?template|jinja/i.test(text)) {
    yield { dialect: { ...dialect, noSystem: true } };
    yield { dialect: { ...dialect, noSystem: true, turns: true } };
  }
  if (/\bcontent\b/i.test(text) && /null|none|string|missing|required|empty/i.test(text))
    yield { dialect: { ...dialect, noNull: true } };
  if (/messages?\b/i.test(text) && REFUSES.test(text) && /propert|extra|field|key/i.test(text))
    yield { dialect: { ...dialect, noProviderData: true, reasoning: "never" } };
  if (body.tools?.length && SCHEMA.test(text)) yield { dialect: { ...dialect, strictSchemas: true } };
}

/** The most that a refusal of a too long answer allows: "max_tokens must be at most 8192". */
function answerLimitIn(text: string, answer: number): number | undefined {
  if (!/max_(?:completion_|output_|new_)?tokens|(?:completion|output) tokens/i.test(text)) return undefined;
  const numbers = [...text.replaceAll(/(\d)[,_](?=\d{3}\b)/g, "$1").matchAll(/\d+/g)].map(([found]) => Number(found));
  const fitting = numbers.filter((number) => number >= LEAST_ROOM && number < answer);
  return fitting.length > 0 ? Math.max(...fitting) : undefined;
}

/** Parameters of the body that the refusal names, in the order in which it names them. */
function refusedParameters(said: Said, body: ChatBody): string[] {
  const refused: { name: string; at: number }[] = [];
  for (const name of Object.keys(body)) {
    if (name === "model" || name === "messages" || name === "tools") continue;
    if (said.params.includes(name)) refused.push({ name, at: -1 });
    else {
      const at = said.text.search(NAMED[name] ?? word(name));
      if (at >= 0 && REFUSES.test(said.text)) refused.push({ name, at });
    }
  }
  return refused.sort((a, b) => a.at - b.at).map(({ name }) => name);
}

/** Parameters whose names are also ordinary words, and those that have other names. */
const NAMED: Record<string, RegExp> = {
  stop: /["'`[]stop["'`\]]|\b(?:parameters?|arguments?|fields?|model|property)[: ]+stop\b|\bstop sequences?\b/i,
  stream: /["'`[]stream["'`\]]|\bstreaming\b|\b(?:parameters?|arguments?|fields?)[: ]+stream\b/i,
  stream_options: /stream_options|include_usage/,
  response_format: /response_format|json_schema|structured outputs?/i,
};

function withoutParameter(dialect: Dialect, name: string, body: ChatBody): Dialect {
  if (name === "max_tokens" && dialect.answerLimit === undefined)
    return { ...dialect, answerLimit: "max_completion_tokens" };
  if (name === "max_completion_tokens" && dialect.answerLimit === undefined && body.max_tokens === undefined)
    return { ...dialect, answerLimit: "max_tokens" };
  return { ...dialect, without: [...(dialect.without ?? []), name] };
}

function names(said: Said, key: string): boolean {
  return word(key).test(said.text) || said.params.some((param) => word(key).test(param));
}

function word(name: string): RegExp {
  return new RegExp(`(?<![\\w-])${name.replaceAll(/[^\w]/g, "\\$&")}(?![\\w-])`, "i");
}
