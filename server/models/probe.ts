/** Tests what an endpoint supports. */
import { type ErrorCode, errorData } from "../../runtime/error.ts";
import type { FileRef, ToolCall } from "../../runtime/message.ts";
import type { ChatRequest, ModelProfile } from "../../runtime/model.ts";
import type { Provider, ProviderTest } from "../contract/model.ts";
import type { Attempt, Outcome, Sink } from "./attempt.ts";
import { canChat, canEmbed } from "./profiles.ts";

export interface ProbeOptions {
  provider: Provider;
  list(signal: AbortSignal): Promise<string[]>;
  attempt(request: ChatRequest, vision: boolean): Attempt;
  embed(model: string, signal: AbortSignal): Promise<number[][]>;
  profile(model: string): ModelProfile;
  now(): number;
}

/** Enough for a reasoning model to think before it says "ok". */
const MAX_TOKENS = 512;

/**
 * Lists the models, asks one for a word, a tool call, JSON by schema and the colour of an image, and an embedding model
 * for a vector. Uses a few hundred tokens. Resolves also when nothing works: `message` then says why. Rejects only on
 * abort.
 */
export async function probe(options: ProbeOptions, signal: AbortSignal): Promise<ProviderTest> {
  const { provider } = options;
  const found: ProviderTest["found"] = {};
  const startedAt = options.now();
  let listFault: { code: ErrorCode; message: string } | undefined;
  let models = provider.models ?? [];
  try {
    const listed = await options.list(signal);
    if (!provider.models) models = listed;
  } catch (error) {
    signal.throwIfAborted();
    listFault = errorData(error);
  }
  const tried = models.find(canChat);
  if (!tried) {
    const embedder = models.find(canEmbed);
    if (embedder) return { ...(await testEmbedder(options, embedder, signal)), models };
    if (listFault) return { ok: false, code: listFault.code, message: listFault.message, models, found };
    return {
      ok: false,
      code: "model_missing",
      message: "It responds, but lists no model. Load one there, or enter its id in the provider.",
      models,
      found,
    };
  }

  const ask = (request: Partial<ChatRequest>, vision = false): Promise<Completion> =>
    complete(options.attempt({ model: tried, messages: [], maxOutputTokens: MAX_TOKENS, ...request }, vision), signal);

  const first = await ask({ messages: [{ role: "user", content: "Answer with the one word: ok" }] });
  signal.throwIfAborted();
  const latencyMs = options.now() - startedAt;
  if ("failure" in first.outcome) {
    const { code, message } = first.outcome.failure.error;
    return { ok: false, code, message, models, tried, found: { ...found, chat: false } };
  }
  found.chat = true;
  found.streams = "streamed" in first.outcome && first.outcome.streamed === true;

  const [tool, structured, sight, embeds] = [
    await ask({
      messages: [{ role: "user", content: "What is the weather in Hangzhou? Use the tool." }],
      tools: [WEATHER],
    }),
    await ask({ messages: [{ role: "user", content: "Name a colour, as JSON." }], schema: COLOUR }),
    await ask(
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "Which colour is this? One word." },
              { type: "file", file: PROBE_IMAGE.ref },
            ],
          },
        ],
      },
      true,
    ),
    await canEmbedWith(options, models, signal),
  ];
  signal.throwIfAborted();
  found.tools = tool.calls.some((call) => call.name === WEATHER.name && call.arguments !== undefined);
  found.structured = fitsColour(structured.text);
  found.vision = /\bred\b|红/i.test(sight.text);
  if (embeds !== undefined) found.embeddings = embeds;

  const profile = options.profile(tried);
  const suggests: Partial<ModelProfile> = {};
  if (profile.nativeTools && !found.tools) Object.assign(suggests, { nativeTools: false, format: "hermes" });
  if (!profile.nativeTools && found.tools) Object.assign(suggests, { nativeTools: true, format: "native" });
  if (Boolean(profile.vision) !== found.vision) suggests.vision = found.vision;
  if (Boolean(profile.structured) !== found.structured) suggests.structured = found.structured;
  return {
    ok: true,
    message: summarize(tried, models.length, found),
    models,
    tried,
    found,
    latencyMs,
    ...(Object.keys(suggests).length ? { suggests } : {}),
  };
}

function summarize(tried: string, count: number, found: ProviderTest["found"]): string {
  const works = ["chat"];
  const not: string[] = [];
  for (const [name, value] of [
    ["tool calls", found.tools],
    ["structured output", found.structured],
    ["images", found.vision],
    ["embeddings", found.embeddings],
  ] as const) {
    if (value !== undefined) (value ? works : not).push(name);
  }
  const listed = count === 1 ? "1 model" : `${count} models`;
  return `It works: ${listed}; with ${tried}: ${works.join(", ")}${not.length ? `; not: ${not.join(", ")}` : ""}.`;
}

async function testEmbedder(
  options: ProbeOptions,
  model: string,
  signal: AbortSignal,
): Promise<Omit<ProviderTest, "models">> {
  try {
    const [vector] = await options.embed(model, signal);
    return {
      ok: true,
      message: `It works for embeddings: ${model} gives ${vector!.length} dimensions.`,
      tried: model,
      found: { embeddings: true },
    };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = errorData(error);
    return { ok: false, code, message, tried: model, found: { embeddings: false } };
  }
}

async function canEmbedWith(
  options: ProbeOptions,
  models: string[],
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const model = models.find(canEmbed);
  if (!model) return undefined;
  return options.embed(model, signal).then(
    () => true,
    () => false,
  );
}

interface Completion {
  outcome: Outcome;
  text: string;
  calls: ToolCall[];
}

async function complete(attempt: Attempt, signal: AbortSignal): Promise<Completion> {
  const gathered: Completion = {
    outcome: { reason: "stop", usage: { inputTokens: 0, outputTokens: 0 } },
    text: "",
    calls: [],
  };
  const sink: Sink = {
    text(piece) {
      gathered.text += piece;
    },
    reasoning() {},
    recall() {
      gathered.text = "";
    },
    callPiece() {},
    call(call) {
      gathered.calls.push(call);
    },
  };
  gathered.outcome = await attempt(sink, signal);
  return gathered;
}

const RED_PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC",
  "base64",
);

/** A red square of 32 by 32 pixels, which a provider test sends like a stored file. */
export const PROBE_IMAGE: { ref: FileRef; bytes: Uint8Array } = {
  ref: { id: "probe-red", mediaType: "image/png", name: "red.png", bytes: RED_PNG.length },
  bytes: RED_PNG,
};

const WEATHER = {
  name: "get_weather",
  description: "The weather in a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};

const COLOUR = {
  type: "object",
  properties: { colour: { type: "string" } },
  required: ["colour"],
  additionalProperties: false,
};

function fitsColour(text: string): boolean {
  try {
    return typeof JSON.parse(text)?.colour === "string";
  } catch {
    return false;
  }
}
