/** Streams the reply of a run, for protocols that have text and an end only. */
import { nodeKey, type RunItem } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import { replyText } from "./agent-call.ts";

export type ReplyPiece =
  | { type: "text"; text: string }
  /** The last piece. `hasText`: text pieces came before it. */
  | { type: "end"; result: RunResult; hasText: boolean };

/**
 * Yields the text of the replying node as it streams, then the part of the reply that was not streamed (all of it when
 * no model wrote it, or when the run had already ended), then the end. Text before a tool call is part of the stream, in
 * its own paragraph, but not of the reply. Rejects with the signal's reason.
 */
export async function* replyPieces(
  items: AsyncIterable<RunItem>,
  done: Promise<RunResult>,
  signal: AbortSignal,
): AsyncGenerator<ReplyPiece, void, void> {
  let hasText = false;
  // Text since the last finished message: part of the reply, unless a tool call follows.
  let current = "";
  let between = "";
  /** The node whose message is under way. */
  let open: string | undefined;
  for await (const item of items) {
    if (item.type === "delta") {
      if (!item.answer || item.kind !== "text") continue;
      const key = nodeKey(item.scope, item.node);
      if (item.offset === 0 && open === key) {
        // The text before it was recalled; what is sent stays sent.
        current = "";
        between = "\n\n";
      }
      open = key;
      yield { type: "text", text: between + item.text };
      between = "";
      current += item.text;
      hasText = true;
    } else if (item.type === "message") {
      open = undefined;
      if (!item.message.calls?.length || !current) continue;
      current = "";
      between = "\n\n";
    }
  }
  // The reader disconnected, or its key was revoked.
  signal.throwIfAborted();
  const result = await done;
  if (result.status === "done") {
    const reply = replyText(result);
    const rest = reply.startsWith(current) ? reply.slice(current.length) : `\n\n${reply}`;
    if (rest) {
      yield { type: "text", text: between + rest };
      hasText = true;
    }
  }
  yield { type: "end", result, hasText };
}

/**
 * Resolves when the first piece has arrived or `ms` have passed. A run that fails immediately can then get an error
 * status, while a slow run does not delay the response headers.
 */
export async function waitForFirstPiece(
  pieces: AsyncGenerator<ReplyPiece, void, void>,
  ms: number,
): Promise<{ first?: ReplyPiece; pieces: AsyncGenerator<ReplyPiece, void, void> }> {
  const pending = pieces.next();
  // Awaited below or by the reader. Avoids an unhandled rejection until then.
  pending.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const first = await Promise.race([
    pending,
    new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    }),
  ]);
  clearTimeout(timer);
  async function* all(): AsyncGenerator<ReplyPiece, void, void> {
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
