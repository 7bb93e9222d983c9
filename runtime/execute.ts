/**
 * Runs a graph: graph + nodes + Host → events. Resuming is the same call with the events so far: finished nodes,
 * messages and tool results are read from them and never requested again.
 */

import { Budget, DEFAULT_LIMITS, narrow } from "./budget.ts";
import { errorData, PatchbayError } from "./error.ts";
import type { EventBody, RunEvent, RunOutput, RunUsage, Wait } from "./event.ts";
import type { ExecuteOptions, Execution, RunOutcome } from "./execution.ts";
import { runFrame } from "./frame.ts";
import { Journal } from "./journal.ts";
import type { Values } from "./node.ts";
import { Parked, PendingWork } from "./pending-work.ts";
import type { Frame, RunContext } from "./run-context.ts";
import { addUsage, totalUsage } from "./usage.ts";

/** Starts or resumes a run. Everything that happens is an event in `host.append`. Never throws. */
export function execute(options: ExecuteOptions): Execution {
  const { host, run, graph } = options;
  const journal = new Journal(options.past ?? []);
  if (journal.end) return ended(journal, totalUsage(options.past!));

  const start = journal.start ?? options.start;
  const usage = totalUsage(options.past ?? []);
  const budget = new Budget(narrow({ ...DEFAULT_LIMITS, ...options.limits }, graph.graph.settings.budget));
  const activeBefore = journal.length > 0 ? budget.restore(options.past!) : 0;
  const controller = new AbortController();
  const pendingWork = new PendingWork();
  let seq = journal.length;
  let closed = false;
  let lastStored: Promise<void> = Promise.resolve();

  const append = (body: EventBody): Promise<void> => {
    if (closed) return Promise.reject(new PatchbayError("cancelled", "The run is over."));
    addUsage(usage, body);
    const stored = host.append({ run, seq: seq++, at: host.now(), ...body } as RunEvent);
    // A log that cannot be written stops the run: later events would be lost.
    stored.catch((error: unknown) => controller.abort(error));
    lastStored = stored;
    return stored;
  };

  const context: RunContext = {
    id: run,
    host,
    nodes: options.nodes,
    journal,
    pendingWork,
    budget,
    ...(start.user === undefined ? {} : { user: start.user }),
    append,
    runFrame,
    async openWait(scope, node, key, request) {
      const known = journal.findWait(scope, node, key);
      if (known) return known;
      const wait: Wait = { wait: host.newId(), key, node, ...(scope.length ? { scope } : {}), ...request };
      journal.addWaits([wait]);
      await append({ type: "run-wait", waits: [wait] });
      return wait;
    },
  };

  let accepted: Promise<void>;
  if (!journal.start) accepted = append({ type: "run-start", ...start });
  else if (journal.length === 1 && !options.decisions?.length) {
    // Another process accepted the run and did not start it.
    accepted = Promise.resolve();
  } else {
    const answers = options.decisions ?? [];
    journal.addDecisions(answers);
    accepted = append({
      type: "run-resume",
      reason: answers.length ? "answer" : "restart",
      ...(answers.length ? { answers } : {}),
    });
  }
  accepted.catch(() => {});

  const cancel = () => {
    const { reason } = options.signal;
    const isFault = reason instanceof PatchbayError && reason.code === "internal";
    controller.abort(isFault ? reason : new PatchbayError("cancelled", "The run was cancelled."));
  };
  options.signal.addEventListener("abort", cancel, { once: true });
  if (options.signal.aborted) cancel();
  const clock = new AbortController();
  host.sleep(Math.max(0, budget.limits.activeMs - activeBefore), clock.signal).then(
    () =>
      controller.abort(
        new PatchbayError(
          "time_limit",
          `The run reached its limit of ${budget.limits.activeMs / 1000} seconds of work. Raise it in the agent's settings under "budget".`,
        ),
      ),
    () => {},
  );

  let closing = false;
  const finish = async (body: EventBody | undefined, outcome: RunOutcome): Promise<RunOutcome> => {
    closing = true;
    clock.abort(OVER);
    options.signal.removeEventListener("abort", cancel);
    try {
      if (body) await append(body);
      else await lastStored;
    } catch (error) {
      return { status: "failed", error: errorData(error) };
    } finally {
      closed = true;
    }
    return outcome;
  };

  const frame: Frame = {
    context,
    graph,
    scope: [],
    facts: {
      id: run,
      input: start.input,
      settings: graph.graph.settings,
      ...(start.session === undefined ? {} : { session: start.session }),
      ...(start.user === undefined ? {} : { user: start.user }),
    },
    feedsReply: true,
    controller,
    ...(start.pins ? { pins: start.pins } : {}),
    ...(start.range ? { range: start.range } : {}),
  };
  pendingWork.acquire();
  const outcome = runFrame(frame).then(
    (values) => {
      const output = toOutput(values);
      return finish({ type: "run-end", output, usage: { ...usage } }, { status: "done", output });
    },
    (reason: unknown) => {
      if (reason instanceof Parked) {
        const waits = journal.openWaits();
        return finish(undefined, {
          status: waits.some((wait) => wait.kind === "uncertain") ? "uncertain" : "waiting",
          waits,
        });
      }
      const error = errorData(reason);
      // Aborted with a fault of the server itself, the run has failed; for any other reason it is cancelled.
      if (options.signal.aborted && error.code !== "internal")
        return finish({ type: "run-cancel", usage: { ...usage } }, { status: "cancelled" });
      const node = frame.failedNode;
      return finish(
        { type: "run-fail", error, ...(node === undefined ? {} : { node }), usage: { ...usage } },
        { status: "failed", error },
      );
    },
  );

  return {
    accepted,
    usage,
    outcome,
    async decide(decisions) {
      if (closing || pendingWork.parked) return false;
      // On behalf of the waiting nodes: the run must not be parked while the decisions are written.
      pendingWork.acquire();
      try {
        journal.addDecisions(decisions);
        await append({ type: "run-resume", reason: "answer", answers: decisions });
        for (const decision of decisions) pendingWork.resolve(decision.wait, decision);
        return true;
      } finally {
        pendingWork.release();
      }
    },
  };
}

/** The abort reason of a run's clock. Shared, because creating an Error per run is slow. */
const OVER = new Error("The run is over.");

function toOutput(values: Values): RunOutput {
  const documents = values.documents as RunOutput["documents"];
  return { reply: values.reply ?? "", ...(documents?.length ? { documents } : {}) };
}

function ended(journal: Journal, usage: RunUsage): Execution {
  const end = journal.end!;
  const outcome: RunOutcome =
    end.type === "run-end"
      ? { status: "done", output: end.output }
      : end.type === "run-fail"
        ? { status: "failed", error: end.error }
        : { status: "cancelled" };
  return {
    accepted: Promise.resolve(),
    usage,
    outcome: Promise.resolve(outcome),
    decide: () => Promise.reject(new PatchbayError("gone", "The run is over.")),
  };
}
