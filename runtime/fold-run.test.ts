import { describe, expect, it } from "vitest";
import type { EventBody, RunEvent, Wait } from "./event.ts";
import { foldRun, workedMs } from "./fold-run.ts";

const fold = (...bodies: (EventBody & { at: number })[]) =>
  foldRun(bodies.map((body, seq) => ({ run: "r", seq, ...body }) as RunEvent)).nodes.get("brain")!;
const wait = (id: string): Wait => ({ wait: id, key: id, kind: "tool", node: "brain", question: "?" });
const answer = (at: number, id: string): EventBody & { at: number } => ({
  type: "run-resume",
  at,
  reason: "answer",
  answers: [{ wait: id, choice: "approve" }],
});

describe("a node's time", () => {
  it("does not include three waits for a person, two of them at once", () => {
    const node = fold(
      { type: "node-start", at: 100, node: "brain" },
      { type: "run-wait", at: 110, waits: [wait("a")] },
      { type: "run-wait", at: 120, waits: [wait("b")] },
      answer(150, "b"),
      answer(210, "a"),
      { type: "run-wait", at: 215, waits: [wait("c")] },
      answer(315, "c"),
      { type: "node-end", at: 320, node: "brain", outputs: {} },
    );
    expect(node).toMatchObject({ status: "done", waitedMs: 200 });
    expect(workedMs(node)).toBe(20);
  });

  it("ends with the run, also while it waits", () => {
    const node = fold(
      { type: "node-start", at: 100, node: "brain" },
      { type: "run-wait", at: 110, waits: [wait("a")] },
      { type: "run-cancel", at: 200 },
    );
    expect(node).toMatchObject({ status: "failed", endedAt: 200, waitedMs: 90 });
    expect(workedMs(node)).toBe(10);
  });

  it("is unknown before it has ended", () => {
    expect(workedMs(fold({ type: "node-start", at: 100, node: "brain" }))).toBeUndefined();
  });
});
