/** Log lines of runs and triggers: one when a run ends or waits, one when a run is taken over. Never a message or a reply. */
import type { EventOf, RunEvent } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import type { Logger } from "./logger.ts";

/** A run ended, or waits, after `ms` in this process. A failed run is a warning. */
export function logSettled(
  logger: Logger,
  { id, status, error, usage }: RunResult,
  ms: number,
  { agent, key }: Pick<EventOf<"run-start">, "agent" | "key">,
): void {
  const fields = {
    run: id,
    status,
    ...(error && { error: error.code }),
    agent: agent.slug ?? agent.id,
    version: agent.version,
    key,
    ms: Math.round(ms),
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
  };
  if (status === "failed") logger.warn("run", fields);
  else logger.info("run", fields);
}

/** A run is continued after the end of the process that had it. */
export function logResumed(logger: Logger, event: RunEvent): void {
  if (event.type === "run-resume" && event.reason === "restart") logger.info("run resumed", { run: event.run });
}

/**
 * A schedule or a webhook did not start a run, or a notice was given up. Anyone can send messages without a signature:
 * those have a line of their request only.
 */
export function logTrigger(
  logger: Logger,
  { kind, ...fields }: { kind: string; trigger: string; agent: string; error?: string },
): void {
  if (fields.error !== undefined && fields.error !== "unauthorized") logger.warn(kind, fields);
}
