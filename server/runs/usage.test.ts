/** Whoever counts what a run used comes to the same sum: the stored one, the view, the row of the list, the budget. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodes } from "../../nodes/index.ts";
import { agent, double } from "../../runtime/agent/testing/play-agent.ts";
import { Budget, DEFAULT_LIMITS } from "../../runtime/budget.ts";
import type { RunEvent } from "../../runtime/event.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import { play } from "../../runtime/testing/play.ts";
import type { Script, ScriptedAnswer } from "../../runtime/testing/scripted-host.ts";
import { totalUsage } from "../../runtime/usage.ts";
import { hostedView } from "../published/view.ts";
import { indexEvent, type RowState } from "../stores/run-row.ts";
import type { Runs } from "./service.ts";

interface Step {
  calls: number;
  input: number;
  output: number;
  fails: boolean;
}
const step = fc.record<Step>({ calls: fc.nat(3), input: fc.nat(5000), output: fc.nat(500), fails: fc.boolean() });

function script(steps: Step[], priced: boolean, left: Step[] = steps): Script {
  const answers = left.map(({ calls, input, output, fails }, index): ScriptedAnswer => {
    if (fails && index === left.length - 1)
      return {
        error: { code: "provider_unavailable", message: "Down." },
        usage: { inputTokens: input, outputTokens: 0 },
      };
    return {
      text: "So.",
      calls: Array.from({ length: calls }, (_, x) => ({ name: "double", arguments: { x: x + 10 * index } })),
      usage: { inputTokens: input, outputTokens: output },
    };
  });
  return {
    answers,
    tools: [{ ...double, repeatable: true }],
    models: { "scripted/model": priced ? { prices: { input: 0.15, output: 0.6 } } : {} },
  };
}

function rowOf(events: RunEvent[]) {
  let state: RowState | undefined;
  for (const event of events) state = indexEvent(state, event).state;
  return state!.row;
}

/** Throws when the run goes over `tokens`. */
function budgetAfter(events: RunEvent[], tokens: number): void {
  const budget = new Budget({ ...DEFAULT_LIMITS, tokens });
  budget.restore(events);
  budget.spend({});
}

test("the usage of a run, whole or resumed from any cut of its log, is one sum for all who read it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.nat(),
      async (steps, priced, at) => {
        const graph = agent({ maxSteps: 8 });
        const whole = await play(graph, nodes, script(steps, priced));
        const past = whole.events.slice(0, 1 + (at % (whole.events.length - 1)));
        const had = past.filter((event) => event.type === "message").length;
        const resumed = await play(graph, nodes, script(steps, priced, steps.slice(had)), { past });
        for (const { events } of [whole, resumed]) {
          const end = events.at(-1)!;
          if (end.type !== "run-end" && end.type !== "run-fail") throw new Error(`It ended with ${end.type}.`);
          const { usage } = end;
          expect(usage).toEqual(totalUsage(events));
          expect(foldRun(events).usage).toEqual(usage);
          expect(rowOf(events).usage).toEqual(usage);
          const tokens = usage!.inputTokens + usage!.outputTokens;
          expect(() => budgetAfter(events, tokens)).not.toThrow();
          if (tokens > 0) expect(() => budgetAfter(events, tokens - 1)).toThrow(/limit/);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a log from before the last event carried the usage is read all the same", async () => {
  const { events } = await play(agent(), nodes, script([{ calls: 1, input: 7, output: 3, fails: false }], true));
  const old = events.map((event) => ({ ...event, usage: undefined }) as RunEvent);
  expect(foldRun(old).usage).toEqual(totalUsage(events));
  const runs = { get: async () => ({ usage: rowOf(old).usage }) } as unknown as Runs;
  const view = (end: RunEvent) => hostedView(end, runs, { steps: false });
  expect(await view(old.at(-1)!)).toEqual(await view(events.at(-1)!));
});
