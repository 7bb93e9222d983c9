/**
 * Any server with OpenAI's chat completions API: Ollama, vLLM, llama.cpp, LM Studio, DashScope, ModelScope, OpenAI…
 * `@ai-sdk/openai-compatible` builds the request; `send.ts` and `openai-reader.ts` send it and read the response, at an
 * eighth of the cost of the package's stream (the README has the numbers).
 */
import type { OpenAICompatibleChatLanguageModel } from "@ai-sdk/openai-compatible";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { ChatRequest, ModelProfile } from "../../runtime/model.ts";
import type { Files } from "../stores/files.ts";
import type { Attempt, Outcome, Sink } from "./attempt.ts";
import type { Dialect, Dialects } from "./dialect.ts";
import { effortFields } from "./effort.ts";
import { OpenAiReader } from "./openai-reader.ts";
import { lessons, mayTeach, refusesTools } from "./refusal.ts";
import { type ChatBody, writeBody } from "./request-body.ts";
import { type Pool, type ProviderLimits, send } from "./send.ts";
import { SentTools } from "./sent-tools.ts";
import { callOptions, isStrictSchema, toPrompt } from "./to-prompt.ts";
import type { SchemaRules } from "./tool-schema.ts";

export interface EndpointOptions {
  /** Id of the provider. */
  provider: string;
  /** Names the provider in messages. */
  label: string;
  baseUrl: string;
  pool: Pool;
  limits: ProviderLimits;
  files?: Pick<Files, "get">;
  /** What its models have refused. */
  dialects: Dialects;
}

/** What a request depends on of the model's profile. */
export type ChatProfile = Pick<ModelProfile, "vision" | "systemRole">;

/** One request may have to be changed for several reasons. */
const MAX_LESSONS = 8;

export class OpenAiCompatible {
  readonly #options: EndpointOptions;
  readonly #url: URL;
  /** Names come from graphs, so the cache needs a bound. */
  readonly #models = new BoundedMap<string, OpenAICompatibleChatLanguageModel>(500);
  /** OpenAI's own newer models refuse `max_tokens`. */
  readonly #completionTokens: boolean;
  readonly #rules: SchemaRules;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#url = endpoint(options.baseUrl, "/chat/completions");
    this.#completionTokens = this.#url.hostname === "api.openai.com";
    this.#rules = this.#url.hostname.endsWith("googleapis.com") ? "strict" : "plain";
  }

  /**
   * `request.model` is the server's own id, without the provider. What the server refuses is changed and sent again, as
   * long as nothing of a completion was passed on.
   */
  attempt(request: ChatRequest, key: string | undefined, profile: ChatProfile): Attempt {
    const { dialects } = this.#options;
    return async (sink, signal) => {
      const known = dialects.of(request.model);
      let dialect: Dialect = profile.systemRole === false ? { ...known, noSystem: true } : known;
      let room: number | undefined;
      let built = await this.#body(request, profile, dialect);
      let sent = JSON.stringify(writeBody(built.body, dialect, room, built.reasonings));
      for (let lesson = 0; ; lesson++) {
        const { outcome, began } = await this.#once(request, built.tools, key, sent, sink, signal);
        if (!("failure" in outcome)) {
          if (dialect !== known) dialects.keep(request.model, learnedIn(dialect, profile));
          return outcome;
        }
        const failed = outcome.failure;
        const overflow = failed.error.code === "context_overflow";
        const context = overflow ? failed.said?.overflow.context : undefined;
        if (context !== undefined) dialects.keep(request.model, { contextTokens: context });
        if (!began && failed.said && refusesTools(failed.said, built.body)) {
          // Whoever builds the prompt writes the tools into it, as the profile says from now on.
          dialects.keep(request.model, { noTools: true });
          return outcome;
        }
        if (began || lesson >= MAX_LESSONS || !mayTeach(failed)) return outcome;
        const before = sent;
        const body = JSON.parse(sent) as ChatBody;
        for (const next of lessons(failed.said, body, dialect, overflow)) {
          if (next.dialect.strictSchemas !== dialect.strictSchemas)
            built = await this.#body(request, profile, next.dialect);
          sent = JSON.stringify(writeBody(built.body, next.dialect, next.room ?? room, built.reasonings));
          if (sent === before) continue;
          dialect = next.dialect;
          room = next.room ?? room;
          break;
        }
        if (sent === before) return outcome;
      }
    };
  }

  async #once(
    request: ChatRequest,
    tools: SentTools,
    key: string | undefined,
    body: string,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<{ outcome: Outcome; began: boolean }> {
    const { label, provider, pool, limits } = this.#options;
    const reader = new OpenAiReader(label, request, sink, provider, tools);
    const call = { label, model: request.model, url: this.#url, headers: jsonHeaders(key), body };
    const outcome = reader.outcome(await send(pool, call, reader, limits, signal));
    return { outcome, began: reader.began };
  }

  /** The body for an ordinary server, and the reasoning of its messages. */
  async #body(
    request: ChatRequest,
    { vision = false }: ChatProfile,
    dialect: Dialect,
  ): Promise<{ body: ChatBody; tools: SentTools; reasonings: (string | undefined)[] }> {
    const { files, provider } = this.#options;
    const tools = new SentTools(request.tools, dialect.strictSchemas ? "strict" : this.#rules);
    const prompt = await toPrompt(request.messages, { vision, files, provider, tools });
    const options = { prompt, ...callOptions(request, tools) };
    const strict = request.schema && !isStrictSchema(request.schema);
    const model = await this.#model(request.model);
    const { body } = await model.prepareRequest(
      strict ? { ...options, providerOptions: { patchbay: { strictJsonSchema: false } } } : options,
    );
    if (this.#completionTokens && body.max_tokens !== undefined) {
      body.max_completion_tokens = body.max_tokens;
      delete body.max_tokens;
    }
    if (request.effort) Object.assign(body, effortFields(this.#url.hostname, request.model, request.effort));
    body.stream = true;
    body.stream_options = { include_usage: true };
    const reasonings = request.messages.map((message) =>
      message.role === "assistant" ? message.reasoning : undefined,
    );
    return { body: body as ChatBody, tools, reasonings };
  }

  async #model(id: string): Promise<OpenAICompatibleChatLanguageModel> {
    let model = this.#models.get(id);
    if (!model) {
      const { OpenAICompatibleChatLanguageModel } = await import("@ai-sdk/openai-compatible");
      model = new OpenAICompatibleChatLanguageModel(id, {
        provider: "patchbay.chat",
        url: () => this.#url.href,
        supportsStructuredOutputs: true,
      });
      this.#models.set(id, model);
    }
    return model;
  }
}

/** Appends a path to the base URL, with or without a slash at its end; a query is kept. */
export function endpoint(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  return url;
}

export function jsonHeaders(key: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  if (key) headers.authorization = `Bearer ${key}`;
  return headers;
}

/** What was found out, without what the profile says. */
function learnedIn(dialect: Dialect, profile: ChatProfile): Dialect {
  if (profile.systemRole !== false) return dialect;
  const { noSystem: _noSystem, ...rest } = dialect;
  return rest;
}
