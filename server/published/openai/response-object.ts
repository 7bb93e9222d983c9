/** A run as objects and events of the Responses API. */
import type { RunResult } from "../../contract/run.ts";
import { replyText } from "../agent-call.ts";
import { citationsOf } from "../citations.ts";
import type { ReplyPiece } from "../reply-stream.ts";
import { hostedError } from "../view.ts";
import { completionText, isWaiting, patchbayField } from "./chat-response.ts";
import { openAiError } from "./errors.ts";

export interface ResponseHead {
  id: string;
  run: string;
  model: string;
  /** Unix seconds. */
  created: number;
  message: string;
  previous?: string;
  metadata: Record<string, unknown>;
}

type Status = "completed" | "failed" | "in_progress" | "cancelled";

export function responseObject(head: ResponseHead, result: RunResult): Record<string, unknown> {
  const { usage } = result;
  const status = statusOf(result);
  const error = result.error && openAiError(hostedError(result.error));
  return {
    ...skeleton(head, status),
    error: error ? { code: error.code, message: error.message } : null,
    output: status === "completed" ? [outputItem(head, completionText(result, head.message), result)] : [],
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.inputTokens + usage.outputTokens,
    },
    patchbay: patchbayField(result),
  };
}

function statusOf(result: RunResult): Status {
  if (result.status === "done" || isWaiting(result)) return "completed";
  return result.status === "failed" || result.status === "cancelled" ? result.status : "in_progress";
}

function skeleton(head: ResponseHead, status: Status): Record<string, unknown> {
  return {
    id: head.id,
    object: "response",
    created_at: head.created,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: head.metadata,
    model: head.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: head.previous ?? null,
    store: true,
    temperature: null,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: null,
    truncation: "disabled",
    usage: null,
  };
}

/** `result`: of the completed item. */
function outputItem(head: ResponseHead, text: string, result?: RunResult): Record<string, unknown> {
  return {
    id: `msg_${head.run}`,
    type: "message",
    role: "assistant",
    status: result ? "completed" : "in_progress",
    content: result ? [textPart(text, result)] : [],
  };
}

/** A streamed text can have more before the reply, so the citations are found from its end. */
function textPart(text: string, result?: RunResult): Record<string, unknown> {
  const offset = result ? Math.max(0, text.length - replyText(result).length) : 0;
  const annotations = (result ? citationsOf(result).citations : []).map(({ id, title, start, end }) =>
    /^https?:\/\//.test(title)
      ? { type: "url_citation", url: title, title, start_index: offset + start, end_index: offset + end }
      : { type: "file_citation", file_id: id, filename: title, index: offset + start },
  );
  return { type: "output_text", text, annotations, logprobs: [] };
}

/** The events of a streamed response, ending with `response.completed` or `response.failed`. */
export async function* responseLines(
  head: ResponseHead,
  pieces: AsyncIterable<ReplyPiece>,
): AsyncGenerator<string, void, void> {
  let number = 0;
  const line = (type: string, more: Record<string, unknown>): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...more })}\n\n`;
  const position = { item_id: `msg_${head.run}`, output_index: 0, content_index: 0 };
  yield line("response.created", { response: skeleton(head, "in_progress") });
  yield line("response.in_progress", { response: skeleton(head, "in_progress") });
  let text = "";
  const begin = (): string =>
    line("response.output_item.added", { output_index: 0, item: outputItem(head, "") }) +
    line("response.content_part.added", { ...position, part: textPart("") });
  let begun = false;
  const addText = (piece: string): string => {
    const opening = begun ? "" : begin();
    begun = true;
    text += piece;
    return opening + line("response.output_text.delta", { ...position, delta: piece, logprobs: [] });
  };
  for await (const piece of pieces) {
    if (piece.type === "text") {
      yield addText(piece.text);
      continue;
    }
    const { result, hasText } = piece;
    if (result.status === "failed" || result.status === "cancelled") {
      yield line("response.failed", { response: responseObject(head, result) });
      return;
    }
    if (isWaiting(result)) yield addText(`${hasText ? "\n\n" : ""}${completionText(result, head.message)}`);
    if (!begun) yield begin();
    const item = outputItem(head, text, result);
    yield line("response.output_text.done", { ...position, text, logprobs: [] });
    yield line("response.content_part.done", { ...position, part: textPart(text, result) });
    yield line("response.output_item.done", { output_index: 0, item });
    yield line("response.completed", { response: { ...responseObject(head, result), output: [item] } });
  }
}
