/** Where an attempt puts what it reads, piece by piece. */
import type { ToolCall } from "../../runtime/message.ts";
import type { Failure } from "./failure.ts";
import type { CallUsage } from "./usage.ts";

export interface Sink {
  text(piece: string): void;
  reasoning(piece: string): void;
  /** `name` with the first piece of a call. */
  callPiece(id: string, name: string | undefined, piece: string): void;
  /** A whole call; only once the answer is known to be whole. */
  call(call: ToolCall): void;
}

/** How an attempt ended. */
export type Outcome =
  | { reason: "stop" | "tools" | "length"; usage: CallUsage; streamed?: boolean }
  | { reason: "refused"; usage: CallUsage; message: string }
  | { failure: Failure; usage?: CallUsage };

/** One request to a model, never retried here. Resolves always; on abort soon, with a failure of code `cancelled`. */
export type Attempt = (sink: Sink, signal: AbortSignal) => Promise<Outcome>;
