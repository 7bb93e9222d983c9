import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { checkGraph } from "./check.ts";
import { compile } from "./compile.ts";
import { emptyGraph, type Graph, serializeGraph } from "./graph.ts";
import { graphHash } from "./identity.ts";
import { pointer } from "./issue.ts";
import type { CheckContext } from "./node.ts";
import { parseAgentFile, parseGraph } from "./parse.ts";
import { graphOf } from "./testing/play.ts";
import { type Approval, type ToolSpec, toolFinder } from "./tool.ts";

const codes = (graph: Graph, context?: CheckContext) =>
  checkGraph(graph, nodes, context).map(({ severity, code, node, port, path }) => [severity, code, node, port, path]);

describe("an agent file", () => {
  const text = serializeGraph(graphOf({ ask: "input", reply: "output" }, ["ask.message reply.reply"]));

  it("is written in a stable form: parsing and writing again gives the same bytes", () => {
    const shuffled = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()));
    expect(serializeGraph(parseAgentFile(shuffled).graph!)).toBe(text);
    expect(Object.keys(JSON.parse(text))).toEqual([
      "format",
      "name",
      "description",
      "settings",
      "nodes",
      "edges",
      "groups",
      "tests",
      "layout",
    ]);
  });

  it("keeps x- keys, and refuses other unknown keys with their path", () => {
    const value = JSON.parse(text);
    value["x-owner"] = "me";
    value.nodes[0]["x-color"] = "red";
    expect(JSON.parse(serializeGraph(parseGraph(value).graph!))).toMatchObject({
      "x-owner": "me",
      nodes: [{ "x-color": "red" }, {}],
    });
    value.nodes[1].data = {};
    value.edges[0].color = 1;
    expect(parseGraph(value).issues.map(({ code, path }) => [code, path])).toEqual([
      ["unknown-key", "/nodes/1/data"],
      ["unknown-key", "/edges/0/color"],
    ]);
  });

  it("is the same version with another layout", () => {
    const graph = parseAgentFile(text).graph!;
    const moved = { ...graph, layout: { ask: { x: 9, y: 9 } }, tests: [{ name: "t", input: {} }], "x-a": 1 };
    expect(graphHash(moved, nodes)).toBe(graphHash(graph, nodes));
    expect(graphHash({ ...graph, description: "other" }, nodes)).not.toBe(graphHash(graph, nodes));
  });

  it.each([
    ["broken JSON", '{"format": ', "bad-json"],
    ["no object", "[]", "bad-value"],
    ["a duplicate key", '{"format":"patchbay/1","name":"a","name":"b","nodes":[],"edges":[]}', "duplicate-key"],
    [
      "a forbidden key",
      '{"format":"patchbay/1","name":"a","nodes":[{"id":"a","type":"note","version":1,"config":{"__proto__":{"x":1}}}],"edges":[]}',
      "unknown-key",
    ],
    ["a newer format", '{"format":"patchbay/2","name":"a","nodes":[],"edges":[]}', "newer-format"],
    ["another tool's JSON", '{"nodes":[],"edges":[]}', "bad-value"],
    ["deep nesting", `${"[".repeat(100_000)}`, "too-large"],
    [
      "a bad node id",
      '{"format":"patchbay/1","name":"a","nodes":[{"id":"A b","type":"note","version":1}],"edges":[]}',
      "bad-value",
    ],
    ["a bad edge end", '{"format":"patchbay/1","name":"a","nodes":[],"edges":[{"from":"a","to":"b.c"}]}', "bad-value"],
  ])("with %s is refused with its place", (_, text, code) => {
    const parsed = parseAgentFile(text);
    expect(parsed.graph).toBeUndefined();
    expect(parsed.issues[0]!.code).toBe(code);
    expect(parsed.issues[0]!.message).toMatch(/\.$/);
    expect(parsed.issues[0]!.path).toBeDefined();
  });
});

describe("checkGraph", () => {
  it("finds no issues in a valid graph", () => {
    expect(codes(graphOf({ ask: "input", reply: "output" }, ["ask.message reply.reply"]))).toEqual([]);
  });

  it("reports unknown types, versions, nodes and ports, without follow-up issues", () => {
    const graph = graphOf({ ask: "input", odd: "teleport", old: ["prompt", {}, { version: 9 }], reply: "output" }, [
      "ask.message odd.in",
      "odd.out reply.reply",
      "ask.nothing reply.documents",
      "ghost.out reply.documents",
    ]);
    expect(codes(graph).slice(0, 4)).toEqual([
      ["error", "unknown-type", "odd", undefined, "/nodes/1/type"],
      ["error", "unknown-version", "old", undefined, "/nodes/2/version"],
      ["error", "unknown-port", "ask", "nothing", "/edges/2/from"],
      ["error", "unknown-node", undefined, undefined, "/edges/3/from"],
    ]);
  });

  it("reports an invalid config with its JSON pointer", () => {
    const graph = graphOf({ ask: "input", find: ["retriever", { limit: 0, nonsense: 1 }], reply: "output" }, [
      "ask.message reply.reply",
    ]);
    expect(codes(graph)).toEqual([
      ["error", "bad-config", "find", undefined, "/nodes/1/config/limit"],
      ["error", "unknown-key", "find", undefined, "/nodes/1/config/nonsense"],
    ]);
  });

  it("reports duplicate ids and edges, missing edges and kind mismatches", () => {
    const graph = graphOf({ ask: "input", find: ["retriever", { knowledge: "k" }], kit: "tool", reply: "output" }, [
      "kit.tools find.query",
      "ask.message reply.reply",
      "ask.message reply.reply",
      "ask.message reply.documents",
    ]);
    graph.nodes.push({ ...graph.nodes[0]! });
    expect(codes(graph)).toEqual([
      ["error", "duplicate-id", "ask", undefined, "/nodes/4/id"],
      ["error", "duplicate-edge", "reply", "reply", "/edges/2"],
      ["error", "kind-mismatch", "find", "query", "/edges/0"],
      ["error", "kind-mismatch", "reply", "documents", "/edges/3"],
      ["warning", "unreachable", "find", undefined, "/nodes/1"],
    ]);
  });

  it("reports a cycle with its nodes", () => {
    const graph = graphOf(
      {
        ask: "input",
        a: ["prompt", { template: "{{x}}{{y}}" }],
        b: ["prompt", { template: "{{x}}" }],
        reply: "output",
      },
      ["ask.message a.y", "a.text b.x", "b.text a.x", "b.text reply.reply"],
    );
    const [issue] = checkGraph(graph, nodes);
    expect(issue).toMatchObject({ code: "cycle", severity: "error" });
    expect(issue!.message).toMatch(/a → b → a|b → a → b/);
  });

  it("allows several edges into one input only if at most one can be taken", () => {
    const branches = (more: string[]) =>
      graphOf(
        {
          ask: "input",
          route: [
            "router",
            {
              cases: [
                { name: "x", rule: { value: "a" } },
                { name: "y", rule: { value: "b" } },
              ],
            },
          ],
          p: ["prompt", { template: "{{v}}" }],
          q: ["prompt", { template: "{{v}}" }],
          r: ["prompt", { template: "{{v}}" }],
          reply: "output",
        },
        ["ask.message route.value", "route.x p.v", "route.y q.v", "p.text reply.reply", "q.text reply.reply", ...more],
      );
    expect(codes(branches(["route.else r.v", "r.text reply.reply"]))).toEqual([]);
    expect(codes(branches(["ask.message r.v", "r.text reply.reply"])).map(([, code]) => code)).toEqual([
      "too-many-edges",
    ]);
    // Two steps behind the branch, and joined in between, it is still known.
    expect(codes(branches(["route.else r.v"])).map(([, code]) => code)).toEqual(["unreachable"]);
  });

  it("knows that the outputs and the error of a node exclude each other", () => {
    const graph = graphOf(
      {
        ask: "input",
        p: ["prompt", { template: "{{v}}" }, { onError: "branch" }],
        e: ["prompt", { template: "{{v}}" }],
        reply: "output",
      },
      ["ask.message p.v", "p.error e.v", "p.text reply.reply", "e.text reply.reply"],
    );
    expect(codes(graph)).toEqual([]);
  });

  it("requires exactly one input and one output", () => {
    expect(codes(emptyGraph("x")).map(([, code]) => code)).toEqual(["no-input", "no-output"]);
    expect(
      codes(graphOf({ a: "input", b: "input", reply: "output" }, ["a.message reply.reply"])).map(([, code]) => code),
    ).toEqual(["too-many-inputs"]);
  });

  it("reports missing models, tools and knowledge, each with a fix", () => {
    const graph = graphOf(
      {
        ask: "input",
        find: ["retriever", { knowledge: "gone" }],
        kit: ["tool", { tools: ["mcp/files/*"] }],
        call: ["http", { url: "https://a.test/", headers: { "x-key": { secret: "KEY" } } }],
        reply: "output",
      },
      ["ask.message find.query", "find.documents reply.reply"],
    );
    const issues = checkGraph(graph, nodes, {
      hasKnowledge: () => false,
      tools: () => [],
      hasSecret: () => false,
    });
    expect(issues.map(({ code }) => code)).toEqual(["missing-knowledge", "missing-tool", "missing-secret"]);
    const spec = { summary: "", parameters: {}, effect: "read" as const };
    const later = checkGraph(graph, nodes, {
      hasKnowledge: () => true,
      tools: () => [
        { name: "mcp/files/read", ...spec },
        { name: "mcp/files/list", ...spec },
      ],
      missingSecrets: (tool) => (tool === "mcp/files/read" ? ["FILES_KEY"] : ["FILES_KEY", "OTHER_KEY"]),
      hasSecret: () => true,
    });
    expect(later.map(({ severity, code, message }) => [severity, code, message.match(/secret "(.*?)"/)?.[1]])).toEqual([
      ["warning", "missing-secret", "FILES_KEY"],
      ["warning", "missing-secret", "OTHER_KEY"],
    ]);
    for (const issue of issues) expect(issue.fix).toBeTruthy();
  });

  it("warns when a model reads foreign text and may act without approval", () => {
    const tools: ToolSpec[] = [
      { name: "mcp/files/read", summary: "", parameters: {}, effect: "read" },
      { name: "mcp/files/write", summary: "", parameters: {}, effect: "write" },
      { name: "builtin/clock", summary: "", parameters: {}, effect: "read" },
      { name: "code/post", summary: "", parameters: {}, effect: "outside" },
    ];
    const context = { tools: toolFinder(new Map(tools.map((tool) => [tool.name, tool]))) };
    const asks = (kit: object, approvals: Record<string, Approval> = {}, documents = false) => {
      const graph = graphOf(
        { ask: "input", facts: ["retriever", { knowledge: "k" }], kit: ["tool", kit], brain: "llm", reply: "output" },
        [
          "ask.message facts.query",
          "ask.message brain.message",
          "kit.tools brain.tools",
          "brain.text reply.reply",
          documents ? "facts.documents brain.documents" : "facts.documents reply.documents",
        ],
      );
      graph.settings.approvals = approvals;
      return checkGraph(graph, nodes, context).map(({ code, severity, node, path }) => [code, severity, node, path]);
    };
    const warned = (tool: string) => [["acts-unasked", "warning", "brain", pointer("settings", "approvals", tool)]];
    const auto = { "mcp/files/*": "auto" };
    expect(asks({ tools: ["mcp/files/*"] })).toEqual([]);
    expect(asks({ tools: ["mcp/files/*"], approve: auto })).toEqual(warned("mcp/files/write"));
    expect(asks({ tools: ["mcp/files/*"] }, { "mcp/files/write": "auto" })).toEqual(warned("mcp/files/write"));
    expect(asks({ tools: ["mcp/files/*"], approve: auto }, { "mcp/files/write": "ask" })).toEqual([]);
    const post = { tools: ["builtin/clock", "code/post"], approve: { "code/post": "auto" } };
    expect(asks(post)).toEqual([]);
    expect(asks(post, {}, true)).toEqual(warned("code/post"));
  });

  it("accepts the edges of unknown tools, and reports a missing tool once", () => {
    const graph = graphOf(
      {
        ask: "input",
        sum: ["action", { tool: "mcp/gone/add" }],
        sub: ["agent", { agent: "other" }],
        reply: "output",
      },
      ["ask.message sum.left", "sum.result sub.message", "sum.result sub.topic", "sub.reply reply.reply"],
    );
    expect(checkGraph(graph, nodes)).toEqual([]);
    const context = { tool: () => undefined, tools: () => [], agent: () => undefined, hasAgent: () => false };
    expect(checkGraph(graph, nodes, context).map(({ code }) => code)).toEqual(["missing-tool", "missing-agent"]);
  });

  it("checks bodies", () => {
    const body = graphOf({ ask: "input", p: ["prompt", { template: "{% if %}" }], reply: "output" }, [
      "ask.message reply.reply",
    ]);
    const graph = graphOf({ ask: "input", each: ["map", { body }], empty: "map", reply: "output" }, [
      "ask.message each.items",
      "ask.message empty.items",
      "each.results reply.reply",
    ]);
    expect(codes(graph).slice(0, 2)).toEqual([
      ["error", "bad-template", "each", undefined, "/nodes/1/config/body/nodes/1/config/template"],
      ["error", "bad-body", "empty", undefined, "/nodes/2/config/body"],
    ]);
  });

  it("compiles a valid graph in topological order, and refuses another with all issues", () => {
    const graph = graphOf({ reply: "output", p: ["prompt", { template: "{{x}}" }], ask: "input", hint: "note" }, [
      "ask.message p.x",
      "p.text reply.reply",
    ]);
    expect(compile(graph, nodes).nodes.map((node) => node.id)).toEqual(["ask", "p", "reply"]);
    expect(() => compile(emptyGraph("x"), nodes)).toThrow(expect.objectContaining({ code: "graph_has_issues" }));
  });
});
