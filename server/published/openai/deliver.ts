/** Runs a call and sends its response, as JSON or as a stream, in the format of one of OpenAI's APIs. */
import type { Context } from "hono";
import { errorData } from "../../../runtime/error.ts";
import type { RunResult } from "../../contract/run.ts";
import type { AppEnv } from "../../http/guard.ts";
import { sseTexts } from "../../http/sse.ts";
import { type AgentCall, awaitCall, type HostedServices, startCall } from "../agent-call.ts";
import { type ReplyPiece, replyPieces, waitForFirstPiece } from "../reply-stream.ts";
import { failedRunResponse, openAiError } from "./errors.ts";

/** Maximum delay of a stream's response headers, to report an early failure as a status. */
const MAX_HEADER_DELAY_MS = 2_000;

export interface ResponseFormat {
  /** JSON response, for a run that is done or waiting. */
  whole(run: string, result: RunResult): unknown;
  /** Lines of a stream, with failures of the run. */
  lines(run: string, pieces: AsyncIterable<ReplyPiece>): AsyncGenerator<string, void, void>;
  headers?: Record<string, string>;
}

/**
 * Starts the run and responds. The run is cancelled when the caller disconnects or its key is revoked, unless the call
 * has an idempotency key. Rejects as `Runs.start` does, or with `rate_limited` before the run starts.
 */
export function deliver(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  format: ResponseFormat,
): Promise<Response> {
  return call.stream ? streamed(c, services, call, format) : whole(c, services, call, format);
}

async function whole(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  format: ResponseFormat,
): Promise<Response> {
  const run = await startCall(services, call);
  const result = await awaitCall(services, run, c.req.raw.signal, call.idempotency !== undefined);
  if (result.status === "failed" || result.status === "cancelled") {
    return failedRunResponse(result.error ?? { code: "cancelled", message: "The run was cancelled." }, run.id);
  }
  const headers = { ...format.headers, "x-run-id": run.id, "cache-control": "no-store" };
  return c.json(format.whole(run.id, result) as object, 200, headers);
}

async function streamed(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  format: ResponseFormat,
): Promise<Response> {
  const { runs, keys } = services;
  const open = keys.openStream(call.key);
  const stop = new AbortController();
  let run: Awaited<ReturnType<typeof startCall>> | undefined;
  let ended = false;
  const close = (): void => {
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
    const { first, pieces } = await waitForFirstPiece(
      replyPieces(items, started.done, stop.signal),
      MAX_HEADER_DELAY_MS,
    );
    if (first?.type === "end" && first.result.error) {
      close();
      return failedRunResponse(first.result.error, started.id);
    }
    return sseTexts(format.lines(started.id, pieces), {
      stop: close,
      failed: (thrown) => `data: ${JSON.stringify({ error: openAiError(errorData(thrown)) })}\n\n`,
      headers: { ...format.headers, "x-run-id": started.id },
    });
  } catch (error) {
    close();
    throw error;
  }
}
