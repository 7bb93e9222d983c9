/** Receives what an attempt reads, piece by piece. */
import type { ProviderData, ToolCall } from "../../runtime/message.ts";
import type { Failure } from "./failure.ts";
import type { CallUsage } from "./usage.ts";

export interface Sink {
  text(piece: string): void;
  reasoning(piece: string): void;
  /** All text so far was reasoning. */
  recall(): void;
  /** `name` comes with the first piece of a call. */
  callPiece(id: string, name: string | undefined, piece: string): void;
  /** A whole call, sent only after the completion has ended. */
  call(call: ToolCall): void;
}

export type Outcome =
  | { reason: "stop" | "tools" | "length"; usage: CallUsage; streamed?: boolean; providerData?: ProviderData }
  | { reason: "refused"; usage: CallUsage; message: string }
  | { failure: Failure; usage?: CallUsage };

/**
 * One request to a model, without retries. Contract: must not reject. After an abort it resolves soon with a failure of
 * code `cancelled`.
 */
export type Attempt = (sink: Sink, signal: AbortSignal) => Promise<Outcome>;
