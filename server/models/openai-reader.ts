/** Reads a response of the chat completions API, streamed or whole, into a sink. */
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { ErrorCode } from "../../runtime/error.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Outcome, Sink } from "./attempt.ts";
import { bodyFailure, type Failure, failure } from "./failure.ts";
import type { ResponseReader } from "./send.ts";
import { ThinkSplitter } from "./thinking.ts";
import { ToolCalls } from "./tool-calls.ts";
import { type CallUsage, usageOf } from "./usage.ts";

interface Delta {
  content?: unknown;
  reasoning_content?: unknown;
  reasoning?: unknown;
  refusal?: unknown;
  tool_calls?: unknown;
}

/** Failures that do not matter when the completion has ended already. */
const BROKEN_OFF: ReadonlySet<ErrorCode> = new Set(["connection_lost", "stream_stalled"]);

type Mode = "events" | "json" | "unknown";

export class OpenAiReader implements ResponseReader {
  readonly #label: string;
  readonly #request: ChatRequest;
  readonly #sink: Sink;
  readonly #decoder = new TextDecoder();
  readonly #calls = new ToolCalls();
  readonly #thinking = new ThinkSplitter();
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

  constructor(label: string, request: ChatRequest, sink: Sink) {
    this.#label = label;
    this.#request = request;
    this.#sink = sink;
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
    this.#thinking.end(this.#onText, this.#onReasoning);
    const whole = this.#done || this.#finish !== undefined;
    const failed =
      this.#failure ??
      (whole && broken && BROKEN_OFF.has(broken.error.code) ? undefined : broken) ??
      this.#unfinished();
    if (failed) {
      const began = this.#output !== "" || this.#calls.size > 0;
      return { failure: failed, usage: began ? this.#countUsage() : undefined };
    }
    const usage = this.#countUsage();
    if (this.#refusal || this.#finish === "content_filter") {
      const message = this.#refusal
        ? "The model refused to answer."
        : `${this.#label} withheld the answer (content filter).`;
      return { reason: "refused", usage, message };
    }
    const cut = this.#finish === "length";
    this.#calls.finish(this.#sink, cut);
    const streamed = this.#mode === "events";
    if (cut) return { reason: "length", usage, streamed };
    return { reason: this.#calls.size ? "tools" : "stop", usage, streamed };
  }

  #begin(mode: Mode): void {
    this.#mode = mode;
    if (mode !== "events") return;
    this.#parser = createParser({
      onEvent: (event) => {
        if (this.#failure || event.data === "") return;
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
    const chunk = value as { error?: unknown; usage?: unknown; choices?: unknown } | null;
    if (typeof chunk !== "object" || chunk === null) {
      this.#failure = failure("bad_response", `${this.#label} sent a part of its response that is not an object.`);
      return;
    }
    if (chunk.error) {
      this.#failure = bodyFailure(this.#label, this.#request.model, chunk.error);
      return;
    }
    if (typeof chunk.usage === "object" && chunk.usage !== null) this.#usage = chunk.usage;
    const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!choice) return;
    if (choice.delta) this.#readDelta(choice.delta);
    this.#readFinish(choice.finish_reason);
  }

  #readDelta(delta: Delta): void {
    const thoughts = delta.reasoning_content ?? delta.reasoning;
    if (typeof thoughts === "string" && thoughts) this.#onReasoning(thoughts);
    if (typeof delta.content === "string") {
      if (delta.content) this.#thinking.feed(delta.content, this.#onText, this.#onReasoning);
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
    if (typeof reason !== "string" || reason === "") return;
    this.#finish = reason;
    if (reason === "error") {
      this.#failure = failure("provider_unavailable", `${this.#label} ended its response with an error.`, {
        retry: true,
      });
    }
  }

  /** The response of a server that does not stream is one object. */
  #readWhole(text: string): void {
    let body: { error?: unknown; choices?: unknown; usage?: unknown };
    try {
      body = JSON.parse(text);
    } catch {
      this.#failure = failure("bad_response", `${this.#label} sent a response that is not JSON.`);
      return;
    }
    if (body?.error) {
      this.#failure = bodyFailure(this.#label, this.#request.model, body.error);
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
