import { describe, expect, it } from "vitest";
import { serializeGraph } from "../../runtime/graph.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { linkCitations } from "./citations.ts";
import { rangeOf } from "./json-path.ts";
import { promptMessages } from "./prompt-messages.ts";
import { shellQuote, snippet } from "./snippets.ts";

describe("citations", () => {
  it.each([
    ["Leave grows [1].", 2, "Leave grows [1](#cite-1)."],
    ["Both [1, 2] say so.", 2, "Both [1](#cite-1)[2](#cite-2) say so."],
    ["两处都提到[1，2]。", 2, "两处都提到[1](#cite-1)[2](#cite-2)。"],
    ["No such [7].", 2, "No such [7]."],
    ["A link [1](https://a.test).", 2, "A link [1](https://a.test)."],
    ["Code `a[1]` and\n```\nb[2]\n```", 2, "Code `a[1]` and\n```\nb[2]\n```"],
    ["None [1].", 0, "None [1]."],
  ])("reads %j", (text, passages, expected) => {
    expect(linkCitations(text, passages)).toBe(expected);
  });
});

describe("the agent file", () => {
  it("finds the range of an issue, or of its nearest ancestor that exists", () => {
    const text = serializeGraph(smallGraph());
    const at = (path: string) => {
      const range = rangeOf(text, path)!;
      return text.slice(range.start, range.end);
    };
    expect(at("/nodes/1/config/template")).toBe('"You answer about {{topic}} in one paragraph."');
    expect(at("/nodes/1/config/nothing")).toMatch(/^{/);
    expect(at("/edges/0/from")).toBe('"ask.message"');
    expect(rangeOf("", "/nodes")).toBeUndefined();
  });
});

describe("a prompt", () => {
  it("consists of the messages that each step kept and added", () => {
    const built = (keep: number, ...contents: string[]) => ({
      keep,
      messages: contents.map((content) => ({ role: "user" as const, content })),
    });
    const prompts = [built(0, "a", "b"), built(2, "c"), built(1, "d")] as unknown as Parameters<
      typeof promptMessages
    >[0];
    expect(promptMessages(prompts).map((message) => message.content)).toEqual(["a", "d"]);
  });
});

describe("snippets", () => {
  const called = {
    slug: "helper",
    urls: { runs: "http://h/v1/agents/helper/runs", openai: "http://h/v1", mcp: "http://h/mcp/helper" },
    key: "pb_x",
    message: 'What\'s up?\n"Now"',
  };
  it("quotes a text for a shell", () => {
    expect(shellQuote("it's")).toBe("'it'\\''s'");
    expect(snippet("curl", called)).toContain(`-d '{"input":{"message":"What'\\''s up?\\n\\"Now\\""}}'`);
  });
  it("are JSON and code that parse", () => {
    expect(JSON.parse(snippet("mcp", called))).toEqual({
      mcpServers: { helper: { url: "http://h/mcp/helper", headers: { Authorization: "Bearer pb_x" } } },
    });
    expect(snippet("openai", called)).toContain('content: "What\'s up?\\n\\"Now\\""');
  });
});
