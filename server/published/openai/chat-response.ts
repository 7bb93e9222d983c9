/** A run as a chat completion: one object, or chunks. */
import type { RunResult } from "../../contract/run.ts";
import { replyText, waitSentence } from "../agent-call.ts";
import { type Citation, citationsOf } from "../citations.ts";
import type { ReplyPiece } from "../reply-stream.ts";
import { hostedError, hostedResult } from "../view.ts";
import { openAiError } from "./errors.ts";

export interface CompletionHead {
  run: string;
  /** Model name as in the request. */
  model: string;
  /** Unix seconds. */
  created: number;
  /** The user's message: sets the language of the text for a waiting run. */
  message: string;
}

interface CompletionUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

function usageOf({ usage }: RunResult): CompletionUsage {
  const { inputTokens, outputTokens } = usage;
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

export function isWaiting({ status }: RunResult): boolean {
  return status === "waiting" || status === "uncertain";
}

/** The reply, or the text for a waiting run. */
export function completionText(result: RunResult, message: string): string {
  return isWaiting(result) ? waitSentence(result.waits, message) : replyText(result);
}

export function patchbayField(result: RunResult): Record<string, unknown> {
  const { sources } = citationsOf(result);
  return {
    run: result.id,
    status: result.status,
    ...(isWaiting(result) && { waits: hostedResult(result).waits }),
    ...(sources.length > 0 && { sources }),
  };
}

/** Annotations of a chat message: a `url_citation` for a source that is a web page, as OpenAI's, else a `file_citation`. */
function annotationsOf(result: RunResult): { annotations?: unknown[] } {
  const { citations } = citationsOf(result);
  return citations.length > 0 ? { annotations: citations.map(annotation) } : {};
}

function annotation({ id, title, start, end }: Citation): unknown {
  const position = { start_index: start, end_index: end };
  return /^https?:\/\//.test(title)
    ? { type: "url_citation", url_citation: { ...position, url: title, title } }
    : { type: "file_citation", file_citation: { ...position, file_id: id, filename: title } };
}

/** For a run that is done or waiting. */
export function completion(head: CompletionHead, result: RunResult): Record<string, unknown> {
  return {
    id: `chatcmpl-${head.run}`,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: completionText(result, head.message),
          refusal: null,
          ...annotationsOf(result),
        },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: usageOf(result),
    patchbay: patchbayField(result),
  };
}

/** The reply as lines of a stream, ending with `[DONE]`. A failed run ends with an error instead. */
export async function* completionChunks(
  head: CompletionHead,
  pieces: AsyncIterable<ReplyPiece>,
  includeUsage: boolean,
): AsyncGenerator<string, void, void> {
  const base = {
    id: `chatcmpl-${head.run}`,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
  };
  const line = (choices: unknown[], more: Record<string, unknown> = {}): string =>
    `data: ${JSON.stringify({ ...base, choices, ...(includeUsage && { usage: null }), ...more })}\n\n`;
  const delta = (content: Record<string, unknown>): unknown[] => [
    { index: 0, delta: content, logprobs: null, finish_reason: null },
  ];
  yield line(delta({ role: "assistant", content: "", refusal: null }));
  for await (const piece of pieces) {
    if (piece.type === "text") {
      yield line(delta({ content: piece.text }));
      continue;
    }
    const { result } = piece;
    if (result.status === "failed" || result.status === "cancelled") {
      yield errorLine(result);
      return;
    }
    if (isWaiting(result))
      yield line(delta({ content: `${piece.hasText ? "\n\n" : ""}${completionText(result, head.message)}` }));
    yield line([{ index: 0, delta: annotationsOf(result), logprobs: null, finish_reason: "stop" }], {
      patchbay: patchbayField(result),
    });
    if (includeUsage) yield line([], { usage: usageOf(result) });
  }
  yield "data: [DONE]\n\n";
}

export function errorLine(result: RunResult): string {
  const error = hostedError(result.error ?? { code: "cancelled", message: "The run was cancelled." });
  return `data: ${JSON.stringify({ error: openAiError(error), patchbay: { run: result.id, status: result.status } })}\n\n`;
}
