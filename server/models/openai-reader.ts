/** Reads a response of the chat completions API, streamed or whole, into a sink. */
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { ErrorCode } from "../../runtime/error.ts";
import { TagParser } from "../../runtime/formats/tag-parser.ts";
import { THINK } from "../../runtime/formats/think-tags.ts";
import type { ProviderData } from "../../runtime/message.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Outcome, Sink } from "./attempt.ts";
import { bodyFailure, type Failure, failure } from "./failure.ts";
import { ProviderFields } from "./provider-data.ts";
import { REASONING_KEYS } from "./request-body.ts";
import { errorIn, FAILED, finishOf } from "./response-error.ts";
import type { ResponseReader } from "./send.ts";
import type { SentTools } from "./sent-tools.ts";
import { ToolCalls } from "./tool-calls.ts";
import { type CallUsage, usageOf } from "./usage.ts";

interface Delta {
  content?: unknown;
  refusal?: unknown;
  tool_calls?: unknown;
  [key: string]: unknown;
}

/** Failures that do not matter when the completion has ended already. */
const BROKEN_OFF: ReadonlySet<ErrorCode> = new Set(["connection_lost", "stream_stalled"]);

type Mode = "events" | "json" | "unknown";

/** JSON, or the text itself. */
function jsonOr(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return errorIn(value) ?? value;
  } catch {
    return text;
  }
}

export class OpenAiReader implements ResponseReader {
  readonly #label: string;
  readonly #request: ChatRequest;
  readonly #sink: Sink;
  readonly #decoder = new TextDecoder();
  readonly #calls = new ToolCalls();
  /** Thoughts, and calls of gpt-oss, that the server left in the text. */
  readonly #tags: TagParser;
  readonly #tools: SentTools | undefined;
  readonly #provider: string;
  readonly #fields = new ProviderFields();
  /** The property that reasoning came in. */
  #reasoningKey: string | undefined;
  readonly #onText = (piece: string): void => {
    this.#output += piece;
    this.#sink.text(piece);
  };
  readonly #onReasoning = (piece: string): void => {
    this.#output += piece;
    this.#sink.reasoning(piece);
  };
  #mode: Mode = "unknown";
  #parser: EventSourceParser | undefined;
  #whole = "";
  #output = "";
  #finish: string | undefined;
  #refusal = "";
  #done = false;
  #closing = false;
  #usage: { prompt_tokens?: unknown; completion_tokens?: unknown } | undefined;
  #failure: Failure | undefined;

  /** `provider`: its id, for what it attaches to messages. */
  constructor(label: string, request: ChatRequest, sink: Sink, provider = "", tools?: SentTools) {
    this.#label = label;
    this.#request = request;
    this.#sink = sink;
    this.#provider = provider;
    this.#tools = tools;
    this.#tags = new TagParser(
      THINK,
      (kind, piece) => {
        if (kind === "text") this.#onText(piece);
        else if (kind === "reasoning") this.#onReasoning(piece);
        else this.#sink.recall();
      },
      { tools: Boolean(request.tools?.length), trim: false },
    );
  }

  /** Something of the completion has been passed on. */
  get began(): boolean {
    return this.#output !== "" || this.#calls.size > 0;
  }

  head(contentType: string): Failure | undefined {
    if (contentType.includes("text/event-stream")) this.#begin("events");
    else if (contentType.includes("json")) this.#begin("json");
    else if (contentType.includes("html")) return this.#webPageFailure();
    return undefined;
  }

  data(chunk: Buffer): Failure | "done" | undefined {
    const text = this.#decoder.decode(chunk, { stream: true });
    if (this.#mode === "unknown") {
      this.#whole += text;
      const begin = this.#whole.trimStart()[0];
      if (begin === undefined) return undefined;
      if (begin === "<") return this.#webPageFailure();
      const mode = begin === "{" ? "json" : "events";
      this.#begin(mode);
      if (mode === "events") {
        this.#parser!.feed(this.#whole);
        this.#whole = "";
      }
    } else if (this.#mode === "events") this.#parser!.feed(text);
    else this.#whole += text;
    return this.#failure ?? (this.#done ? "done" : undefined);
  }

  end(): Failure | undefined {
    if (this.#mode === "events") {
      // A last event without its blank line counts, unless it is incomplete.
      this.#closing = true;
      this.#parser!.feed(`${this.#decoder.decode()}\n\n`);
    } else this.#readWhole(this.#whole + this.#decoder.decode());
    return this.#failure;
  }

  /** Call once, after `end` or after a failure of the connection (`broken`). */
  outcome(broken: Failure | undefined): Outcome {
    for (const call of this.#tags.end())
      this.#calls.piece(undefined, undefined, call.name, call.raw ?? JSON.stringify(call.arguments), this.#sink);
    const whole = this.#done || this.#finish !== undefined;
    const failed =
      this.#failure ??
      (whole && broken && BROKEN_OFF.has(broken.error.code) ? undefined : broken) ??
      this.#unfinished();
    if (failed) {
      return { failure: failed, usage: this.began ? this.#countUsage() : undefined };
    }
    const usage = this.#countUsage();
    if (this.#refusal || this.#finish === "content_filter") {
      const message = this.#refusal
        ? "The model refused to answer."
        : `${this.#label} withheld the answer (content filter).`;
      return { reason: "refused", usage, message };
    }
    const cut = this.#finish === "length";
    this.#calls.finish(this.#sink, cut, this.#provider, (call) => this.#tools?.ownCall(call) ?? call);
    const more = { usage, streamed: this.#mode === "events", ...this.#providerData() };
    if (cut) return { reason: "length", ...more };
    return { reason: this.#calls.size ? "tools" : "stop", ...more };
  }

  #providerData(): { providerData?: ProviderData } {
    const fields = this.#fields.value;
    // A server that sends the reasoning as parts too takes the parts back.
    const reasoning = this.#fields.has("reasoning_details") ? undefined : this.#reasoningKey;
    if (!fields && reasoning === undefined) return {};
    return { providerData: { provider: this.#provider, fields: fields ?? {}, ...(reasoning && { reasoning }) } };
  }

  #begin(mode: Mode): void {
    this.#mode = mode;
    if (mode !== "events") return;
    this.#parser = createParser({
      onEvent: (event) => {
        if (this.#failure || event.data === "") return;
        if (event.event === "error") return this.#failWith(jsonOr(event.data));
        if (event.data.trim() === "[DONE]") {
          this.#done = true;
          return;
        }
        let value: unknown;
        try {
          value = JSON.parse(event.data);
        } catch {
          if (this.#closing) return;
          this.#failure = failure("bad_response", `${this.#label} sent a part of its response that is not JSON.`, {
            retry: true,
          });
          return;
        }
        this.#readChunk(value);
      },
    });
  }

  #readChunk(value: unknown): void {
    const chunk = value as { usage?: unknown; choices?: unknown } | null;
    if (typeof chunk !== "object" || chunk === null) {
      this.#failure = failure("bad_response", `${this.#label} sent a part of its response that is not an object.`);
      return;
    }
    const error = errorIn(chunk);
    if (error !== undefined) {
      this.#failWith(error);
      return;
    }
    if (typeof chunk.usage === "object" && chunk.usage !== null) this.#usage = chunk.usage;
    const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!choice) return;
    if (choice.delta) this.#readDelta(choice.delta);
    this.#readFinish(choice.finish_reason);
  }

  #readDelta(delta: Delta): void {
    const key = REASONING_KEYS.find((name) => typeof delta[name] === "string" && delta[name] !== "");
    if (key !== undefined) {
      this.#reasoningKey ??= key;
      this.#onReasoning(delta[key] as string);
    }
    this.#fields.add(delta);
    if (typeof delta.content === "string") {
      if (delta.content) this.#tags.push(delta.content);
    } else if (Array.isArray(delta.content)) this.#readParts(delta.content);
    if (typeof delta.refusal === "string" && delta.refusal) {
      this.#refusal += delta.refusal;
      this.#onText(delta.refusal);
    }
    if (!Array.isArray(delta.tool_calls)) return;
    for (const piece of delta.tool_calls as Record<string, unknown>[]) {
      if (typeof piece !== "object" || piece === null) continue;
      const made = (piece.function ?? {}) as { name?: unknown; arguments?: unknown };
      const text = made.arguments ?? "";
      this.#calls.piece(
        typeof piece.index === "number" ? piece.index : undefined,
        typeof piece.id === "string" && piece.id ? piece.id : undefined,
        typeof made.name === "string" && made.name ? made.name : undefined,
        typeof text === "string" ? text : JSON.stringify(text),
        this.#sink,
        [piece, made],
      );
    }
  }

  /** Mistral sends content as typed parts, reasoning among them. */
  #readParts(parts: unknown[]): void {
    for (const part of parts as Record<string, unknown>[]) {
      if (part?.type === "text" && typeof part.text === "string") this.#onText(part.text);
      else if (part?.type === "thinking" && Array.isArray(part.thinking)) {
        for (const thought of part.thinking) if (typeof thought?.text === "string") this.#onReasoning(thought.text);
      }
    }
  }

  #readFinish(reason: unknown): void {
    const finish = finishOf(reason);
    if (finish === undefined) return;
    this.#finish = finish;
    if (finish !== FAILED) return;
    const { message } = (typeof reason === "object" && reason !== null ? reason : {}) as { message?: unknown };
    this.#failWith({ message: typeof message === "string" ? message : `it finished with ${JSON.stringify(reason)}` });
  }

  #failWith(error: unknown): void {
    this.#failure = bodyFailure(this.#label, this.#request.model, error);
  }

  /** The response of a server that does not stream is one object. */
  #readWhole(text: string): void {
    let body: { choices?: unknown; usage?: unknown };
    try {
      body = JSON.parse(text);
    } catch {
      this.#failure = failure("bad_response", `${this.#label} sent a response that is not JSON.`);
      return;
    }
    const error = errorIn(body);
    if (error !== undefined) {
      this.#failWith(error);
      return;
    }
    const choice = Array.isArray(body?.choices) ? body.choices[0] : undefined;
    if (!choice?.message) {
      this.#failure = failure("bad_response", `${this.#label} sent a response without a message.`);
      return;
    }
    if (typeof body.usage === "object" && body.usage !== null) this.#usage = body.usage;
    this.#readDelta(choice.message);
    this.#readFinish(choice.finish_reason);
    this.#done = true;
  }

  #unfinished(): Failure | undefined {
    if (this.#done || this.#finish !== undefined) return undefined;
    return failure("connection_lost", `${this.#label} ended its response before the completion was finished.`, {
      retry: true,
    });
  }

  #webPageFailure(): Failure {
    return failure(
      "bad_response",
      `${this.#label} responded with a web page instead of a completion. Check the base URL (it often ends in /v1) and any proxy.`,
    );
  }

  #countUsage(): CallUsage {
    const output = this.#output + this.#calls.text;
    return usageOf(this.#request, output, this.#usage?.prompt_tokens, this.#usage?.completion_tokens);
  }
}
