import { describe, expect, it } from "vitest";
import type { NodeView } from "../../runtime/fold-run.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { table } from "./node-types.ts";
import { configPreview, runPreview } from "./preview.ts";

const view = (more: Partial<NodeView>): NodeView => ({
  node: "n",
  status: "done",
  startedAt: 0,
  attempts: 1,
  retrievals: [],
  prompts: [],
  messages: [],
  tools: [],
  usages: [],
  inputTokens: 0,
  outputTokens: 0,
  ...more,
});

describe("the preview on a card", () => {
  it("shows the first passage with its source, the taken branch, a text, and JSON", () => {
    const documents = [
      { id: "1", title: "leave.md", text: "Annual leave\n grows.", score: 0.8234, source: { page: 3 } },
    ];
    expect(runPreview(view({ outputs: { documents } }), undefined)).toEqual({
      is: "parts",
      parts: [{ chip: "leave.md p. 3", kind: "documents" }, { text: "Annual leave grows." }, { quiet: "0.82" }],
    });
    expect(runPreview(view({ outputs: { billing: "Hello" } }), undefined)).toEqual({
      is: "parts",
      parts: [{ chip: "billing", kind: "any" }, { text: "Hello" }],
    });
    expect(runPreview(view({ outputs: { text: "Hi", json: {}, messages: [] } }), undefined)).toEqual({
      is: "parts",
      parts: [{ text: "Hi" }],
    });
    expect(runPreview(view({ outputs: { result: { a: 1 } } }), undefined)).toEqual({
      is: "parts",
      parts: [{ mono: '{"a":1}' }],
    });
  });

  it("shows streamed text, reasoning, a wait and a failure", () => {
    const running = view({ status: "running" });
    expect(runPreview(running, { text: "It is", reasoning: "hm" })).toMatchObject({
      is: "stream",
      text: "It is",
      thinking: false,
    });
    expect(runPreview(running, { text: "", reasoning: "hm" })).toMatchObject({
      is: "stream",
      text: "hm",
      thinking: true,
    });
    const start = { call: { id: "c", name: "crawl", arguments: { site: "x" } } };
    const calling = view({ status: "running", tools: [{ call: "c", start }] as never });
    expect(runPreview(calling, undefined)).toMatchObject({ parts: [{ mono: "crawl" }, { quiet: '{"site":"x"}' }] });
    expect(runPreview(calling, { text: "", reasoning: "", progress: "1/14 a page\n2/14 another\n" })).toMatchObject({
      parts: [{ mono: "crawl" }, { quiet: "2/14 another" }],
    });
    expect(runPreview(view({ status: "waiting" }), undefined)).toEqual({ is: "waiting" });
    expect(
      runPreview(view({ status: "failed", error: { code: "tool_failed", message: "No." } }), undefined),
    ).toMatchObject({ is: "failed", retrying: false });
    expect(
      runPreview(view({ status: "running", error: { code: "tool_failed", message: "No." } }), undefined),
    ).toMatchObject({ is: "failed", retrying: true });
  });

  it("shows the config without a run, also when it does not parse", () => {
    const preview = (type: string, config: Record<string, unknown>) =>
      configPreview(
        { id: "n", type, version: 1, config },
        table.get(type)?.config.parse(config) as Record<string, unknown> | undefined,
      );
    expect(preview("tool", { tools: ["mcp/files/*", "builtin/clock"], approve: { "mcp/files/*": "ask" } })).toEqual({
      is: "parts",
      parts: [{ tool: "mcp/files/*", approve: "ask" }, { tool: "builtin/clock" }],
    });
    expect(preview("retriever", { knowledge: "handbook" })).toEqual({
      is: "parts",
      parts: [{ chip: "handbook", kind: "documents" }],
    });
    expect(preview("retriever", {})).toEqual({ is: "empty" });
    expect(preview("map", { body: smallGraph() })).toEqual({
      is: "parts",
      parts: [{ text: expect.stringContaining(" · ") }],
    });
    expect(preview("loop", { body: { agent: "helper" } })).toEqual({ is: "parts", parts: [{ agent: "helper" }] });
    expect(preview("map", { body: null })).toEqual({ is: "empty" });
    expect(configPreview({ id: "n", type: "http", version: 1, config: { url: 1 } }, undefined)).toEqual({
      is: "empty",
    });
    expect(preview("from-the-future", { a: 1 })).toEqual({ is: "empty" });
  });
});
