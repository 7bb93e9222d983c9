import { expect, it } from "vitest";
import type { EventOf, RunEvent } from "./event.ts";
import { foldRun } from "./fold-run.ts";
import { parseStoredEvent } from "./stored-event.ts";

const read = (body: object) => parseStoredEvent(JSON.stringify({ run: "r", seq: 0, at: 1, ...body }));
const document = { id: "d1", title: "a.md", text: "Text.", score: 1 };
const where = { heading: "Top", page: 2 };

it("reads a log written before the renames", () => {
  const events = [
    {
      type: "run-start",
      agent: { name: "A", graph: "h" },
      input: { message: "hi" },
      pins: { facts: { documents: [{ ...document, place: where }] } },
    },
    { type: "node-start", node: "brain" },
    {
      type: "node-end",
      node: "brain",
      outputs: { text: "Hi", documents: [{ ...document, place: where }] },
      rests: { documents: [], tools: ["builtin/clock"] },
    },
    { type: "run-end", output: { reply: "Hi", documents: [{ ...document, place: where }] } },
  ].map((body, seq) => parseStoredEvent(JSON.stringify({ run: "r", seq, at: seq, ...body })));
  const view = foldRun(events);
  expect(view.start?.pins).toEqual({ facts: { documents: [{ ...document, source: where }] } });
  expect(view.nodes.get("brain")).toMatchObject({
    grounding: { documents: [], tools: ["builtin/clock"] },
    outputs: { documents: [{ ...document, source: where }] },
  });
  expect(view.output?.documents).toEqual([{ ...document, source: where }]);
  expect(JSON.stringify(events)).not.toMatch(/"rests"|"place"/);
});

it("reads an old failure's issues", () => {
  const issue = { severity: "error", code: "no-input", message: "No input." };
  const failed = read({
    type: "run-fail",
    error: { code: "graph_has_issues", message: "x", issues: [{ ...issue, mend: "Add one." }] },
  });
  expect((failed as EventOf<"run-fail">).error.issues).toEqual([{ ...issue, fix: "Add one." }]);
});

it("does not change current events or JSON of authors", () => {
  const event = {
    run: "r",
    seq: 0,
    at: 1,
    type: "node-end",
    node: "n",
    outputs: { rows: [{ place: "Paris" }], json: { rests: 1 } },
    grounding: { documents: [], tools: [] },
  };
  expect(parseStoredEvent(JSON.stringify(event))).toEqual(event as RunEvent);
});
