/** Answers to what a run waits for: which of them are new, and which time gives when nobody does. */
import { PatchbayError } from "../../runtime/error.ts";
import { type RunEvent, TERMINAL, type Wait, type WaitDecision } from "../../runtime/event.ts";
import { canonicalJson } from "../../runtime/graph.ts";

/**
 * The answers that are new. The same answer again is no error: it changes nothing. Throws `not_found`, `gone` (expired
 * or over), `conflict` (answered otherwise), `bad_request` (a choice that the wait does not have).
 */
export function newAnswers(run: string, events: RunEvent[], answers: WaitDecision[], now: number): WaitDecision[] {
  const waits = new Map<string, Wait>();
  const given = new Map<string, WaitDecision>();
  for (const event of events) {
    if (event.type === "run-wait") for (const wait of event.waits) waits.set(wait.wait, wait);
    else if (event.type === "run-resume") for (const answer of event.answers ?? []) given.set(answer.wait, answer);
  }
  const over = events.length > 0 && TERMINAL.has(events.at(-1)!.type);
  return answers.filter((answer) => {
    const wait = waits.get(answer.wait);
    if (!wait) throw new PatchbayError("not_found", `Run ${run} does not wait for "${answer.wait}".`);
    const isLate = wait.expiresAt !== undefined && wait.expiresAt <= now;
    const before = given.get(answer.wait);
    if (before) {
      if (
        before.choice === answer.choice &&
        canonicalJson(before.value ?? null) === canonicalJson(answer.value ?? null)
      )
        return false;
      // Time itself may have answered: who comes after it is late, not contradicted.
      if (!isLate) throw new PatchbayError("conflict", `"${answer.wait}" was answered already: ${before.choice}.`);
    }
    if (isLate) throw new PatchbayError("gone", `The time to answer "${answer.wait}" is over.`);
    if (over) throw new PatchbayError("gone", `Run ${run} is over; it waits for nothing any more.`);
    const choices = wait.kind === "uncertain" ? ["retry", "skip", "fail"] : ["approve", "reject"];
    if (!choices.includes(answer.choice))
      throw new PatchbayError(
        "bad_request",
        `"${answer.choice}" is no answer to this; it takes ${choices.join(", ")}.`,
        { path: "/choice" },
      );
    return true;
  });
}

/** What was not answered in time is answered with no. `open`: waits that nobody has answered. */
export function expiredAnswers(open: Wait[], now: number): WaitDecision[] {
  return open
    .filter((wait) => wait.expiresAt !== undefined && wait.expiresAt <= now)
    .map((wait) => ({ wait: wait.wait, choice: wait.kind === "uncertain" ? "fail" : "reject" }));
}
