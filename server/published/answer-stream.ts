/** A run's answer as it comes, for protocols that know text and an end and nothing else. */
import type { RunItem } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import { replyText } from "./agent-call.ts";

export type AnswerPiece =
  | { type: "text"; text: string }
  /** The last piece. `said`: text came before it. */
  | { type: "end"; result: RunResult; said: boolean };

/**
 * Text of the answering node as it streams; then what of the reply has not been said (all of it where no model wrote it,
 * or where a run is found again that had ended), then the end. Words that a model says before it calls a tool are part
 * of the stream, on lines of their own; they are no part of the reply. Rejects with the signal's reason.
 */
export async function* answerPieces(
  items: AsyncIterable<RunItem>,
  done: Promise<RunResult>,
  signal: AbortSignal,
): AsyncGenerator<AnswerPiece, void, void> {
  let said = false;
  // What was said since the last finished message: of the reply, unless tools are called.
  let current = "";
  let between = "";
  for await (const item of items) {
    if (item.type === "delta") {
      if (!item.answer || item.kind !== "text") continue;
      yield { type: "text", text: between + item.text };
      between = "";
      current += item.text;
      said = true;
    } else if (item.type === "message" && item.message.calls?.length && current) {
      current = "";
      between = "\n\n";
    }
  }
  // Followed no further: the reader went away, or its key was revoked.
  signal.throwIfAborted();
  const result = await done;
  if (result.status === "done") {
    const reply = replyText(result);
    const rest = reply.startsWith(current) ? reply.slice(current.length) : `\n\n${reply}`;
    if (rest) {
      yield { type: "text", text: between + rest };
      said = true;
    }
  }
  yield { type: "end", result, said };
}

/**
 * The pieces, once the first is there or `ms` have passed: so that a run which fails at once is answered with a status,
 * and one that thinks for long does not keep its caller waiting for the head.
 */
export async function heldBack(
  pieces: AsyncGenerator<AnswerPiece, void, void>,
  ms: number,
): Promise<{ first?: AnswerPiece; pieces: AsyncGenerator<AnswerPiece, void, void> }> {
  const pending = pieces.next();
  // Awaited below, or by the reader; until then a rejection is nobody's.
  pending.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const first = await Promise.race([
    pending,
    new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    }),
  ]);
  clearTimeout(timer);
  async function* all(): AsyncGenerator<AnswerPiece, void, void> {
    try {
      const begun = await pending;
      if (begun.done) return;
      yield begun.value;
      yield* pieces;
    } finally {
      await pieces.return();
    }
  }
  return { first: first && !first.done ? first.value : undefined, pieces: all() };
}
