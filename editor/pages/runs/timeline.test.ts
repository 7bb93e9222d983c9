import { describe, expect, it } from "vitest";
import type { EventBody, RunEvent } from "../../../runtime/event.ts";
import { foldRun } from "../../../runtime/fold-run.ts";
import { timelineOf } from "./timeline.ts";

const log = (...bodies: (EventBody & { at: number })[]): RunEvent[] =>
  bodies.map((body, seq) => ({ run: "r", seq, ...body }) as RunEvent);

const events = log(
  { type: "run-start", at: 1000, agent: { name: "A", graph: "h" }, input: { message: "hi" } },
  { type: "node-start", at: 1000, node: "facts" },
  { type: "retrieval", at: 1004, node: "facts", of: "knowledge", query: "hi", hits: [], index: 0 },
  { type: "node-end", at: 1005, node: "facts", outputs: { documents: [] } },
  { type: "node-start", at: 1005, node: "brain" },
  {
    type: "message",
    at: 1465,
    node: "brain",
    step: 1,
    model: "m",
    message: { role: "assistant", content: "" },
    reason: "tools",
    ms: 460,
  },
  {
    type: "tool-start",
    at: 1466,
    node: "brain",
    call: { id: "c1", name: "clock" },
    tool: "builtin/clock",
    argsHash: "h",
    idempotencyKey: "k",
  },
);

describe("timelineOf", () => {
  it("puts a node's steps and calls under it, on the run's own clock", () => {
    const { rows, span } = timelineOf(foldRun(events), 1600);
    expect(span).toBe(600);
    expect(rows.map((row) => [row.what.is, row.node, row.kind, row.from, row.to, row.open])).toEqual([
      ["node", "facts", "documents", 0, 5, false],
      ["node", "brain", "text", 5, 600, true],
      ["step", "brain", "text", 5, 465, false],
      ["tool", "brain", "tools", 466, 600, true],
    ]);
  });

  it("ends with the run", () => {
    const ended = log(...events.map(({ run: _run, seq: _seq, ...body }) => body as EventBody & { at: number }), {
      type: "run-cancel",
      at: 1500,
    });
    const { rows, span } = timelineOf(foldRun(ended), 9_999_999);
    expect(span).toBe(500);
    expect(Math.max(...rows.map((row) => row.to))).toBe(500);
  });

  it("draws a run that has only begun", () => {
    expect(timelineOf(foldRun(events.slice(0, 1)), 1000)).toEqual({ rows: [], span: 1 });
  });
});
