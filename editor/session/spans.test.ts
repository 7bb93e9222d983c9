import { describe, expect, it } from "vitest";
import type { EventBody, RunEvent, Scope } from "../../runtime/event.ts";
import { foldRun } from "../../runtime/fold-run.ts";
import { type Span, spanLines, spansOf } from "./spans.ts";

const fold = (...bodies: (EventBody & { at: number })[]) =>
  foldRun(bodies.map((body, seq) => ({ run: "r", seq, ...body }) as RunEvent));
const item = (n: number): Scope => [{ node: "each", item: n }];
const message = (at: number, ms: number, node: string, scope?: Scope): EventBody & { at: number } => ({
  type: "message",
  at,
  ms,
  node,
  step: 0,
  model: "m",
  message: { role: "assistant", content: "" },
  reason: "stop",
  ...(scope && { scope }),
});
const usage = (
  at: number,
  node: string,
  costUsd: number,
  scope?: Scope,
): Extract<EventBody, { type: "usage" }> & { at: number } => ({
  type: "usage",
  at,
  node,
  step: 0,
  model: "m",
  inputTokens: 10,
  outputTokens: 5,
  costUsd,
  ...(scope && { scope }),
});
const tool = (at: number, call: string, name: string): (EventBody & { at: number })[] => [
  {
    type: "tool-start",
    at,
    node: "brain",
    call: { id: call, name },
    tool: name,
    argsHash: "",
    idempotencyKey: "",
  },
  { type: "tool-end", at: at + 20, node: "brain", call, result: { content: "noon" }, ms: 20 },
];
const lines = (spans: readonly Span[]) =>
  spanLines(spans, new Set(allKeys(spans))).map(
    ({ span, level }) => `${"  ".repeat(level)}${span.what} ${span.part?.item ?? span.tool ?? span.step ?? span.node}`,
  );
const allKeys = (spans: readonly Span[]): string[] => spans.flatMap((span) => [span.key, ...allKeys(span.children)]);

describe("the spans of a run", () => {
  it("have the tokens and cost of their own step or call", () => {
    const view = fold(
      { type: "node-start", at: 100, node: "brain" },
      message(150, 40, "brain"),
      usage(150, "brain", 0.5),
      ...tool(150, "c", "builtin/summarize"),
      { ...usage(165, "brain", 0.125), call: "c", inputTokens: 100 },
      { ...message(220, 49, "brain"), step: 1 } as EventBody & { at: number },
      { ...usage(220, "brain", 0.25), step: 1, inputTokens: 20 },
      { type: "node-end", at: 221, node: "brain", outputs: {} },
    );
    expect(spansOf(view).map(({ what, tokens, costUsd }) => [what, tokens, costUsd])).toEqual([
      ["step", 15, 0.5],
      ["tool", 105, 0.125],
      ["step", 25, 0.25],
    ]);
  });

  it("are those of the model steps and tool calls, without one for their node", () => {
    const view = fold(
      { type: "node-start", at: 100, node: "brain" },
      message(150, 40, "brain"),
      usage(150, "brain", 0.5),
      ...tool(150, "c", "builtin/clock"),
      { ...message(220, 49, "brain"), step: 1 } as EventBody & { at: number },
      { type: "node-end", at: 221, node: "brain", outputs: {} },
    );
    const spans = spansOf(view);
    expect(spans.map(({ what, startedAt, endedAt }) => [what, startedAt, endedAt])).toEqual([
      ["step", 110, 150],
      ["tool", 150, 170],
      ["step", 171, 220],
    ]);
    expect(spans.map(({ tokens, costUsd }) => [tokens, costUsd])).toEqual([
      [15, 0.5],
      [0, undefined],
      [0, undefined],
    ]);
  });

  const nested = fold(
    { type: "node-start", at: 0, node: "each" },
    { type: "node-start", at: 1, node: "ask", scope: item(1) },
    { type: "node-end", at: 2, node: "ask", scope: item(1), outputs: {} },
    { type: "node-start", at: 3, node: "helper", scope: item(1) },
    message(30, 20, "brain", [...item(1), { node: "helper" }]),
    usage(30, "brain", 0.25, [...item(1), { node: "helper" }]),
    { type: "node-start", at: 4, node: "ask", scope: item(0) },
    {
      type: "node-fail",
      at: 9,
      node: "ask",
      scope: item(0),
      error: { code: "internal", message: "No." },
      next: "fail",
    },
    {
      type: "run-wait",
      at: 40,
      waits: [
        { wait: "w", key: "k", kind: "approval", node: "gate", scope: [...item(1), { node: "helper" }], question: "?" },
      ],
    },
  );

  it("contain the spans inside them, by item, with the sums of tokens and cost", () => {
    const spans = spansOf(nested);
    expect(lines(spans)).toEqual([
      "node each",
      "  part 0",
      "    node ask",
      "  part 1",
      "    node ask",
      "    node helper",
      "      step 1",
      "      node gate",
    ]);
    expect(spans[0]).toMatchObject({ tokens: 15, costUsd: 0.25, status: "waiting" });
    const [failed, waiting] = spans[0]!.children;
    expect(waiting).toMatchObject({ status: "waiting", startedAt: 1, tokens: 15 });
    expect(waiting?.endedAt).toBeUndefined();
    expect(failed).toMatchObject({ status: "failed", startedAt: 4, endedAt: 9, scope: item(0) });
    expect(spanLines(spans, new Set()).map(({ span }) => span.node)).toEqual(["each"]);
  });

  it("of a body are those of its nodes", () => {
    const inside = new Map([...nested.nodes].filter(([, node]) => node.scope?.[0]?.item === 1));
    expect(lines(spansOf({ ...nested, nodes: inside }, 1))).toEqual([
      "node ask",
      "node helper",
      "  step 1",
      "  node gate",
    ]);
  });

  it("of an agent that was called as a tool are inside that call", () => {
    const view = fold(
      { type: "node-start", at: 0, node: "brain" },
      message(10, 10, "brain"),
      ...tool(11, "c", "agent/helper"),
      { type: "node-start", at: 12, node: "ask", scope: [{ node: "brain", call: "c" }] },
    );
    expect(lines(spansOf(view))).toEqual(["step 1", "tool agent/helper", "  node ask"]);
  });
});
