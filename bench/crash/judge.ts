/** Checks the guarantees of a run after crashes, from what clients observed, the stored log, and the calls the tool received. */
import { type EventOf, type RunEvent, type Scope, scopeKey, TERMINAL } from "../../runtime/event.ts";
import type { Record } from "./client.ts";

export interface Verdict {
  /** One sentence each; empty when all guarantees hold. */
  violations: string[];
  uncertain: number;
  resumed: number;
}

/** Names of tools that the operator marked as safe to repeat. */
const REPEATABLE = /safe/;

/** `log`: the run's events as they are stored in the end. `calls`: what reached the tool, by idempotency key. */
export function judge(record: Record, log: RunEvent[], calls: ReadonlyMap<string, number>): Verdict {
  const violations = [...record.faults];
  const report = (what: string) => violations.push(what);

  // R5: contiguous, one terminal event, the last one; every reader saw the same prefix.
  log.forEach((event, index) => {
    if (event.seq !== index) report(`R5: event ${event.seq} is at index ${index}.`);
  });
  const ends = log.filter((event) => TERMINAL.has(event.type));
  if (ends.length !== 1 || !TERMINAL.has(log.at(-1)?.type ?? "run-start"))
    report(`R2, R5: ${ends.length} terminal events; the last is ${log.at(-1)?.type}.`);
  if (log.at(-1)?.type !== "run-end") report(`The run ended with ${JSON.stringify(log.at(-1))}.`);
  record.seen.forEach((event, index) => {
    if (JSON.stringify(event) !== JSON.stringify(log[index]))
      report(`R5: event ${index} was sent differently than it is stored.`);
  });
  if (record.ended && record.seen.length !== log.length)
    report(`R5: ${record.seen.length} events were sent, ${log.length} are stored.`);

  // R3, R4: a call with a result was made once; one without was repeated only if the operator allowed it.
  const starts = new Map<string, EventOf<"tool-start">[]>();
  const finished = new Map<string, number>();
  let uncertain = 0;
  log.forEach((event, index) => {
    if (event.type === "tool-start") {
      const key = callKey(event, event.call.id);
      const list = starts.get(key) ?? [];
      starts.set(key, [...list, event]);
      if (finished.has(key)) report(`R3: ${event.tool} was called again after its result was stored.`);
      if (list.length > 0 && !REPEATABLE.test(event.tool ?? ""))
        report(`R4: ${event.tool}, which must not be repeated, was begun again.`);
    } else if (event.type === "tool-end") finished.set(callKey(event, event.call), index);
    else if (event.type === "run-wait")
      for (const wait of event.waits) {
        if (wait.kind !== "uncertain") continue;
        uncertain++;
        const key = callKey(wait, wait.call!.id);
        const resumed = log.slice(0, index).some((one) => one.type === "run-resume");
        if (!starts.has(key) || finished.has(key) || !resumed || REPEATABLE.test(wait.call!.tool))
          report(`R4: ${wait.call!.tool} was reported as uncertain although it was not.`);
      }
  });
  for (const list of starts.values()) {
    const { idempotencyKey, tool } = list[0]!;
    const reached = calls.get(idempotencyKey) ?? 0;
    if (reached > list.length) report(`R4: ${tool} was called ${reached} times, ${list.length} intents are stored.`);
    if (list.some((one) => one.idempotencyKey !== idempotencyKey))
      report("R4: a repeated call has another idempotency key.");
  }
  for (const [key] of starts) if (!finished.has(key)) report("A call has no result in the end.");
  return { violations, uncertain, resumed: log.filter((event) => event.type === "run-resume").length };
}

function callKey(at: { node: string; scope?: Scope }, call: string): string {
  return `${at.node} ${scopeKey(at.scope)} ${call}`;
}
