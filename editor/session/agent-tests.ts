/** The tests of an agent (`graph.tests`): commands on them, and the outcome of one. */
import type { GraphTest } from "../../runtime/graph.ts";
import type { Command } from "../graph/commands.ts";
import { isOver, type RunState } from "./run-state.ts";

/** Adds a test for an input, named by its message. An input has one test. */
export function addTest(input: Record<string, unknown>, contains?: string): Command {
  return {
    label: "test",
    run(graph) {
      const same = JSON.stringify(input);
      if (graph.tests.some((test) => JSON.stringify(test.input) === same)) return graph;
      const test: GraphTest = { name: nameOf(input), input, ...(contains ? { expect: { contains } } : {}) };
      return { ...graph, tests: [...graph.tests, test] };
    },
  };
}

export function removeTest(index: number): Command {
  return {
    label: "test",
    run: (graph) => (graph.tests[index] ? { ...graph, tests: graph.tests.filter((_test, at) => at !== index) } : graph),
  };
}

/** Sets the text that the reply must contain; empty: no such text. Other expectations in the file stay. */
export function setExpected(index: number, contains: string): Command {
  return {
    label: "test",
    group: `test:${index}`,
    run(graph) {
      const test = graph.tests[index];
      if (!test || expectedText(test) === contains) return graph;
      const { contains: _old, ...others } = test.expect ?? {};
      const expect = contains === "" ? others : { ...others, contains };
      const { expect: _gone, ...rest } = test;
      const next: GraphTest = Object.keys(expect).length > 0 ? { ...rest, expect } : rest;
      return { ...graph, tests: graph.tests.map((other) => (other === test ? next : other)) };
    },
  };
}

export const expectedText = (test: GraphTest): string =>
  typeof test.expect?.contains === "string" ? test.expect.contains : "";

export const testMessage = ({ input }: Pick<GraphTest, "input">): string =>
  typeof input.message === "string" ? input.message : "";

export type Outcome = "passed" | "failed" | "running" | "waiting";

/** The outcome of a test's run. The expected text is compared without regard to case. `lacks`: the text that is missing. */
export function testOutcome(test: GraphTest, runState: RunState): { outcome: Outcome; lacks?: string } {
  const { view } = runState;
  if (view.status === "waiting" || view.status === "uncertain") return { outcome: "waiting" };
  if (!isOver(view)) return { outcome: "running" };
  if (view.status !== "done") return { outcome: "failed" };
  const wanted = expectedText(test);
  if (wanted === "" || replyText(runState).toLocaleLowerCase().includes(wanted.toLocaleLowerCase()))
    return { outcome: "passed" };
  return { outcome: "failed", lacks: wanted };
}

export function replyText(runState: RunState): string {
  const reply = runState.view.output?.reply;
  if (reply === undefined) return "";
  return typeof reply === "string" ? reply : JSON.stringify(reply);
}

function nameOf(input: Record<string, unknown>): string {
  const message = testMessage({ input }).replaceAll(/\s+/g, " ").trim();
  return message.length > 80 ? `${message.slice(0, 79)}…` : message;
}
