/** Anthropic's messages API through `@ai-sdk/anthropic` at its model level, sent by `send.ts`. */
import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { PatchbayError } from "../../runtime/error.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Attempt, Outcome, Sink } from "./attempt.ts";
import type { Dialect } from "./dialect.ts";
import { bodyFailure, type Failure, failure } from "./failure.ts";
import type { ChatProfile, EndpointOptions } from "./openai-compatible.ts";
import { lessons, mayTeach } from "./refusal.ts";
import { type ChatBody, writeBody } from "./request-body.ts";
import { type ProviderLimits, type ResponseReader, send } from "./send.ts";
import { SentTools } from "./sent-tools.ts";
import { callOptions, toPrompt } from "./to-prompt.ts";
import { toCall } from "./tool-calls.ts";
import { usageOf } from "./usage.ts";

export const ANTHROPIC_URL = "https://api.anthropic.com/v1";

const MAX_LESSONS = 4;

export class Anthropic {
  readonly #options: EndpointOptions;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  attempt(request: ChatRequest, key: string | undefined, { vision = false }: ChatProfile): Attempt {
    const { label, baseUrl, files } = this.#options;
    return async (sink, signal) => {
      // The package wraps what its `fetch` throws. This keeps the original failure.
      const sent: { failure?: Failure } = {};
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      const model = createAnthropic({
        baseURL: baseUrl,
        apiKey: key ?? "none",
        fetch: (url, init) => this.#fetch(String(url), init ?? {}, request.model, sent, signal),
      }).languageModel(request.model);
      const [system, rest] = [
        request.messages.filter((m) => m.role === "system"),
        request.messages.filter((m) => m.role !== "system"),
      ];
      const tools = new SentTools(request.tools, "named");
      const prompt = await toPrompt([...system, ...rest], { vision, files, tools });
      const reader = new StreamReader(label, request, sink, tools);
      try {
        // The API refuses to think on after a tool result without the signed thoughts before it, which are not stored.
        const reasoning = rest.at(-1)?.role === "tool" ? undefined : request.effort;
        await reader.read(
          await openStream(model, { prompt, ...callOptions(request, tools), reasoning, abortSignal: signal }),
        );
      } catch (error) {
        const broken =
          sent.failure ?? failure("bad_response", `${label} sent a response that cannot be read: ${messageOf(error)}`);
        return reader.outcome(broken);
      }
      return reader.outcome(sent.failure);
    };
  }

  /**
   * The `fetch` of the package. A failure is stored in `sent.failure`; then the promise rejects or the body's stream
   * errors.
   */
  #fetch(
    url: string,
    init: RequestInit,
    model: string,
    sent: { failure?: Failure },
    signal: AbortSignal,
  ): Promise<Response> {
    const { label, pool, limits } = this.#options;
    return new Promise((resolve, reject) => {
      let body: ReadableStreamDefaultController<Uint8Array> | undefined;
      const reader: ResponseReader = {
        head(contentType, status) {
          if (contentType.includes("html")) {
            return failure(
              "bad_response",
              `${label} responded with a web page instead of a completion. Check the base URL and any proxy.`,
            );
          }
          const stream = new ReadableStream<Uint8Array>({
            start(controller) {
              body = controller;
            },
          });
          resolve(new Response(stream, { status, headers: { "content-type": contentType } }));
          return undefined;
        },
        data(chunk) {
          body?.enqueue(chunk);
          return undefined;
        },
        end() {
          body?.close();
          return undefined;
        },
      };
      const { dialects } = this.#options;
      const request = { label, model, url: new URL(url), headers: { ...(init.headers as Record<string, string>) } };
      const given = JSON.parse(String(init.body)) as ChatBody;
      const once = (sent: string) => send(pool, { ...request, body: sent }, reader, limits as ProviderLimits, signal);
      void sendLearning(once, given, dialects.of(model), (learned) => dialects.keep(model, learned)).then((broken) => {
        if (!broken) return;
        sent.failure = broken;
        const error = new PatchbayError(broken.error.code, broken.error.message);
        if (body) body.error(error);
        else reject(error);
      });
    });
  }
}

/** Changes what the server refuses, and sends it again, as long as no response has begun. */
async function sendLearning(
  once: (body: string) => Promise<Failure | undefined>,
  given: ChatBody,
  known: Dialect,
  keep: (learned: Dialect) => void,
): Promise<Failure | undefined> {
  let dialect = known;
  let sent = JSON.stringify(writeBody(given, dialect));
  for (let lesson = 0; ; lesson++) {
    const broken = await once(sent);
    if (!broken) {
      if (dialect !== known) keep(dialect);
      return undefined;
    }
    const overflow = broken.error.code === "context_overflow";
    const context = overflow ? broken.said?.overflow.context : undefined;
    if (context !== undefined) keep({ contextTokens: context });
    if (lesson >= MAX_LESSONS || !mayTeach(broken)) return broken;
    const before = sent;
    for (const next of lessons(broken.said, JSON.parse(sent) as ChatBody, dialect, overflow)) {
      sent = JSON.stringify(writeBody(given, next.dialect, next.room));
      dialect = next.dialect;
      if (sent !== before) break;
    }
    if (sent === before) return broken;
  }
}

async function openStream(
  model: LanguageModelV4,
  options: Parameters<LanguageModelV4["doStream"]>[0],
): Promise<ReadableStream<LanguageModelV4StreamPart>> {
  return (await model.doStream(options)).stream;
}

/** Writes the package's stream parts to a sink. */
class StreamReader {
  readonly #label: string;
  readonly #request: ChatRequest;
  readonly #sink: Sink;
  readonly #tools: SentTools;
  #output = "";
  #finish: Extract<LanguageModelV4StreamPart, { type: "finish" }> | undefined;
  #failure: Failure | undefined;
  #calls: { id: string; name: string; text: string }[] = [];

  constructor(label: string, request: ChatRequest, sink: Sink, tools: SentTools) {
    this.#tools = tools;
    this.#label = label;
    this.#request = request;
    this.#sink = sink;
  }

  async read(stream: ReadableStream<LanguageModelV4StreamPart>): Promise<void> {
    for await (const part of stream) this.#take(part);
  }

  #take(part: LanguageModelV4StreamPart): void {
    switch (part.type) {
      case "text-delta":
        this.#output += part.delta;
        this.#sink.text(part.delta);
        break;
      case "reasoning-delta":
        this.#output += part.delta;
        this.#sink.reasoning(part.delta);
        break;
      case "tool-input-start":
        this.#sink.callPiece(part.id, part.toolName, "");
        break;
      case "tool-input-delta":
        this.#sink.callPiece(part.id, undefined, part.delta);
        break;
      case "tool-call":
        this.#output += part.input;
        this.#calls.push({ id: part.toolCallId, name: part.toolName, text: part.input });
        break;
      case "error":
        this.#failure ??= partFailure(this.#label, this.#request.model, part.error);
        break;
      case "finish":
        this.#finish = part;
        break;
    }
  }

  outcome(broken: Failure | undefined): Outcome {
    const counted = this.#finish?.usage;
    const usage = usageOf(this.#request, this.#output, counted?.inputTokens.total, counted?.outputTokens.total);
    const reason = this.#finish?.finishReason.unified;
    let failed = broken ?? this.#failure;
    if (!failed && (reason === undefined || reason === "interrupted" || reason === "error")) {
      failed = failure("connection_lost", `${this.#label} ended its response before the completion was finished.`, {
        retry: true,
      });
    }
    if (failed) return { failure: failed, usage: this.#output ? usage : undefined };
    if (reason === "content-filter") return { reason: "refused", usage, message: "The model refused to answer." };
    for (const pending of this.#calls) this.#sink.call(this.#tools.ownCall(toCall(pending)));
    if (reason === "length") return { reason: "length", usage, streamed: true };
    return { reason: this.#calls.length ? "tools" : "stop", usage, streamed: true };
  }
}

/** An error part holds the server's error object, or the package's error about a part that it could not parse. */
function partFailure(label: string, model: string, error: unknown): Failure {
  if (error instanceof Error) {
    return failure("bad_response", `${label} sent a part of its response that cannot be read.`, { retry: true });
  }
  return bodyFailure(label, model, error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
