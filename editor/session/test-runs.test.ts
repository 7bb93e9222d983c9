import { describe, expect, it } from "vitest";
import type { RunEvent, RunItem } from "../../runtime/event.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { replyText } from "./agent-tests.ts";
import { createTestRuns, testKey } from "./test-runs.ts";

describe("running the tests", () => {
  const story = (run: string, reply: string): RunItem[] =>
    [
      { type: "run-start", agent: { name: "x", graph: "h" }, input: { message: "" } },
      { type: "run-end", output: { reply } },
    ].map((body, seq) => ({ run, seq, at: seq, ...body }) as RunEvent);
  async function* stream(signals: RunItem[]): AsyncGenerator<RunItem> {
    yield* signals;
  }
  const runs = (answer: (message: string) => AsyncIterable<RunItem>) => {
    const asked: object[] = [];
    const tests = createTestRuns({
      save: async () => true,
      graph: smallGraph,
      now: () => 0,
      pause: async () => {},
      server: {
        runSaved(request) {
          asked.push(request);
          return answer(request.input.message);
        },
        runGraph: () => stream([]),
        follow: () => stream([]),
        sessionRuns: async () => [],
        events: async () => undefined,
        answer: async () => {},
        cancel: async () => {},
      },
    });
    return { tests, asked };
  };
  const messages = ["a", "b", "c"].map((message) => ({ name: message, input: { message } }));

  it("runs each without a session and without pins, and keeps the results", async () => {
    const { tests, asked } = runs((message) => stream(story(`run-${message}`, `Answer ${message}`)));
    await tests.run(messages);
    expect(asked).toEqual(messages.map(({ input }) => ({ input })));
    const { results, progress } = tests.getState();
    expect(progress).toBeUndefined();
    expect(messages.map((test) => replyText(results.get(testKey(test))!.runState!))).toEqual([
      "Answer a",
      "Answer b",
      "Answer c",
    ]);
  });

  it("keeps the reason why a test did not run, and starts no more tests after a cancel", async () => {
    const { tests, asked } = runs(async function* (message) {
      yield* [];
      tests.cancel();
      throw Object.assign(new Error(`No ${message}`), { status: 422 });
    });
    await tests.run(messages);
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(tests.getState().progress).toBeUndefined();
  });
});
