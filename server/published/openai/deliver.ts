/** A call made and answered, whole or streamed, in the words of one of OpenAI's APIs. */
import type { Context } from "hono";
import { errorData } from "../../../runtime/error.ts";
import type { RunResult } from "../../contract/run.ts";
import type { AppEnv } from "../../http/guard.ts";
import { sseTexts } from "../../http/sse.ts";
import { type AgentCall, awaitCall, type HostedServices, startCall } from "../agent-call.ts";
import { type AnswerPiece, answerPieces, heldBack } from "../answer-stream.ts";
import { failedRunResponse, openAiError } from "./errors.ts";

/** How long the head of a stream is held back for an early failure. */
const HOLD_MS = 2_000;

export interface Wording {
  /** For a run that is done or waits. */
  whole(run: string, result: RunResult): unknown;
  /** The lines of a stream, failures of the run included. */
  lines(run: string, pieces: AsyncIterable<AnswerPiece>): AsyncGenerator<string, void, void>;
  headers?: Record<string, string>;
}

/**
 * Starts the run and answers. The run is cancelled when the caller goes away or its key is revoked, unless the call
 * came with an idempotency key. Rejects as `Runs.start` does, and with `rate_limited` before anything was started.
 */
export function deliver(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  wording: Wording,
): Promise<Response> {
  return call.stream ? streamed(c, services, call, wording) : whole(c, services, call, wording);
}

async function whole(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  wording: Wording,
): Promise<Response> {
  const run = await startCall(services, call);
  const result = await awaitCall(services, run, c.req.raw.signal, call.idempotency !== undefined);
  if (result.status === "failed" || result.status === "cancelled") {
    return failedRunResponse(result.error ?? { code: "cancelled", message: "The run was cancelled." }, run.id);
  }
  const headers = { ...wording.headers, "x-run-id": run.id, "cache-control": "no-store" };
  return c.json(wording.whole(run.id, result) as object, 200, headers);
}

async function streamed(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  wording: Wording,
): Promise<Response> {
  const { runs, keys } = services;
  const open = keys.openStream(call.key);
  const stop = new AbortController();
  let run: Awaited<ReturnType<typeof startCall>> | undefined;
  let ended = false;
  const leave = (): void => {
    stop.abort();
    open.release();
    if (run && !ended && !call.idempotency) void runs.cancel(run.id).catch(() => {});
  };
  open.signal.addEventListener("abort", () => stop.abort(open.signal.reason), { once: true });
  c.req.raw.signal.addEventListener("abort", () => stop.abort(), { once: true });
  try {
    const started = await startCall(services, call);
    run = started;
    const settled = (): void => {
      ended = true;
    };
    started.done.then(settled, settled);
    await started.accepted;
    const items = runs.follow(started.id, { untilWait: true, deltas: true, signal: stop.signal });
    const { first, pieces } = await heldBack(answerPieces(items, started.done, stop.signal), HOLD_MS);
    if (first?.type === "end" && first.result.error) {
      leave();
      return failedRunResponse(first.result.error, started.id);
    }
    return sseTexts(wording.lines(started.id, pieces), {
      stop: leave,
      failed: (thrown) => `data: ${JSON.stringify({ error: openAiError(errorData(thrown)) })}\n\n`,
      headers: { ...wording.headers, "x-run-id": started.id },
    });
  } catch (error) {
    leave();
    throw error;
  }
}
