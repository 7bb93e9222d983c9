/** Decisions on the waits of a run: which of them are new, and which ones a timeout makes. */
import { argumentsFault } from "../../runtime/approval.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { type RunEvent, TERMINAL, type Wait, type WaitDecision } from "../../runtime/event.ts";
import { canonicalJson } from "../../runtime/graph.ts";

/**
 * Returns the decisions that are new; a repeated decision is ignored. Throws `not_found`, `gone` (the wait expired or the
 * run ended), `conflict` (decided differently before), `bad_request` (a choice that the wait does not have).
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
      // The timeout may have decided: then this decision is late, not contradictory.
      if (!isLate) throw new PatchbayError("conflict", `"${answer.wait}" was answered already: ${before.choice}.`);
    }
    if (isLate) throw new PatchbayError("gone", `The time to answer "${answer.wait}" is over.`);
    if (over) throw new PatchbayError("gone", `Run ${run} has ended; it does not wait for a decision.`);
    const choices = wait.kind === "uncertain" ? ["retry", "skip", "fail"] : ["approve", "reject"];
    if (!choices.includes(answer.choice))
      throw new PatchbayError(
        "bad_request",
        `"${answer.choice}" is not a choice of this wait; use ${choices.join(" or ")}.`,
        { path: "/choice" },
      );
    checkValue(wait, answer);
    return true;
  });
}

/** A value that could not be used is refused, so that nobody believes it was. */
function checkValue(wait: Wait, { choice, value }: WaitDecision): void {
  // The value of an approval node is any value.
  if (value === undefined || (wait.kind === "approval" && !wait.call?.tool)) return;
  const refuse = (why: string): PatchbayError => new PatchbayError("bad_request", why, { path: "/value" });
  if (choice === "approve" && wait.call?.tool) {
    const fault = wait.schema && argumentsFault(wait.schema, value);
    if (fault) throw refuse(`The edited arguments of ${wait.call.tool} do not fit: ${fault}.`);
  } else if (choice === "reject") {
    if (typeof value !== "string") throw refuse("With reject, `value` is the reason, as a text.");
  } else throw refuse(`"${choice}" takes no value.`);
}

/** Rejects the waits that have expired. `open`: waits without a decision. */
export function expiredAnswers(open: Wait[], now: number): WaitDecision[] {
  return open
    .filter((wait) => wait.expiresAt !== undefined && wait.expiresAt <= now)
    .map((wait) => ({ wait: wait.wait, choice: wait.kind === "uncertain" ? "fail" : "reject" }));
}
