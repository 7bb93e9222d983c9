/**
 * Any server with OpenAI's chat completions API: Ollama, vLLM, llama.cpp, LM Studio, DashScope, ModelScope, OpenAI…
 * `@ai-sdk/openai-compatible` builds the request; `send.ts` and `openai-reader.ts` send it and read the response, at an
 * eighth of the cost of the package's stream (the README has the numbers).
 */
import { OpenAICompatibleChatLanguageModel } from "@ai-sdk/openai-compatible";
import type { Dispatcher } from "undici";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Files } from "../stores/files.ts";
import type { Attempt } from "./attempt.ts";
import { effortFields } from "./effort.ts";
import type { Failure } from "./failure.ts";
import { OpenAiReader } from "./openai-reader.ts";
import { type ProviderLimits, send } from "./send.ts";
import { callOptions, isStrictSchema, toPrompt } from "./to-prompt.ts";

export interface EndpointOptions {
  /** Names the provider in messages. */
  label: string;
  baseUrl: string;
  pool: Dispatcher;
  limits: ProviderLimits;
  files?: Pick<Files, "get">;
}

export class OpenAiCompatible {
  readonly #options: EndpointOptions;
  readonly #url: URL;
  /** Names come from graphs, so the cache needs a bound. */
  readonly #models = new BoundedMap<string, OpenAICompatibleChatLanguageModel>(500);
  /** OpenAI's own newer models refuse `max_tokens`. */
  readonly #completionTokens: boolean;
  /** False once the server has refused `stream_options`. */
  #streamOptions = true;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#url = endpoint(options.baseUrl, "/chat/completions");
    this.#completionTokens = this.#url.hostname === "api.openai.com";
  }

  /** `request.model` is the server's own id, without the provider. */
  attempt(request: ChatRequest, key: string | undefined, vision: boolean): Attempt {
    return async (sink, signal) => {
      const body = await this.#body(request, vision);
      const once = async () => {
        const reader = new OpenAiReader(this.#options.label, request, sink);
        const call = {
          label: this.#options.label,
          model: request.model,
          url: this.#url,
          headers: jsonHeaders(key),
          body: JSON.stringify(this.#streamOptions ? { ...body, stream_options: { include_usage: true } } : body),
        };
        return { reader, broken: await send(this.#options.pool, call, reader, this.#options.limits, signal) };
      };
      let { reader, broken } = await once();
      if (broken && this.#streamOptions && refusesStreamOptions(broken)) {
        this.#streamOptions = false;
        ({ reader, broken } = await once());
      }
      return reader.outcome(broken);
    };
  }

  async #body(request: ChatRequest, vision: boolean): Promise<Record<string, unknown>> {
    const prompt = await toPrompt(request.messages, { vision, files: this.#options.files });
    const options = { prompt, ...callOptions(request) };
    const strict = request.schema && !isStrictSchema(request.schema);
    const { body } = await this.#model(request.model).prepareRequest(
      strict ? { ...options, providerOptions: { patchbay: { strictJsonSchema: false } } } : options,
    );
    if (this.#completionTokens && body.max_tokens !== undefined) {
      body.max_completion_tokens = body.max_tokens;
      delete body.max_tokens;
    }
    if (request.effort) Object.assign(body, effortFields(this.#url.hostname, request.model, request.effort));
    body.stream = true;
    return body;
  }

  #model(id: string): OpenAICompatibleChatLanguageModel {
    let model = this.#models.get(id);
    if (!model) {
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

function refusesStreamOptions(broken: Failure): boolean {
  return broken.error.code === "bad_response" && /stream_options|include_usage/.test(broken.error.message);
}
