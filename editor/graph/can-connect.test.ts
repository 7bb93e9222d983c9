import { describe, expect, it } from "vitest";
import { checkGraph } from "../../runtime/check.ts";
import { graphOf, smallGraph } from "../e2e/graphs.ts";
import { canConnect, connectablePorts, edgesToReplace, fittingTypes, throughPorts } from "./can-connect.ts";
import { connect, replaceGraph } from "./commands.ts";
import { definitions, table } from "./node-types.ts";
import { createPortReader, drawnPorts } from "./ports.ts";
import { fixFor } from "./quick-fixes.ts";

const reader = () => createPortReader(table);

describe("edges that can be drawn", () => {
  it.each([
    ["kit.tools", "brain.message", "kind"],
    ["brain.text", "brief.topic", "cycle"],
    ["brain.text", "brain.message", "self"],
    ["ask.message", "brain.message", "connected"],
    ["ask.nothing", "brain.message", "missing"],
  ])("refuses %s to %s: %s", (from, to, why) => {
    expect(canConnect(smallGraph(), reader(), { from, to })).toEqual({ fits: false, why });
  });

  it("agrees with checkGraph for every pair of ports", () => {
    const graph = smallGraph();
    const read = reader();
    const outputs = graph.nodes.flatMap((node) => read.ports(node).outputs.map((port) => `${node.id}.${port.id}`));
    const inputs = graph.nodes.flatMap((node) => read.ports(node).inputs.map((port) => `${node.id}.${port.id}`));
    const wrong = new Set(["kind-mismatch", "cycle", "unknown-port", "duplicate-edge"]);
    for (const from of outputs)
      for (const to of inputs) {
        const before = checkGraph(graph, table).filter((issue) => wrong.has(issue.code)).length;
        const after = checkGraph({ ...graph, edges: [...graph.edges, { from, to }] }, table).filter((issue) =>
          wrong.has(issue.code),
        ).length;
        expect(canConnect(graph, read, { from, to }).fits, `${from} > ${to}`).toBe(after === before);
      }
  });

  it("replaces only the edges of an input that may bring a value in the same run", () => {
    const graph = smallGraph();
    expect(edgesToReplace(graph, table, reader(), { from: "ask.message", to: "reply.reply" })).toEqual(
      new Set(["brain.text>reply.reply"]),
    );
    const routed = graphOf(
      "r",
      [
        ["ask", "input", {}],
        ["which", "router", { cases: [{ name: "a", rule: { op: "contains", value: "x" } }] }],
        ["reply", "output", {}],
      ],
      ["ask.message > which.value", "which.a > reply.reply"],
      {},
    );
    expect(edgesToReplace(routed, table, reader(), { from: "which.else", to: "reply.reply" })).toEqual(new Set());
    // Two routers: one of `first` excludes `first.else`, but not what `second` gives.
    const two = graphOf(
      "two",
      [
        ["ask", "input", {}],
        ["first", "router", { cases: [{ name: "a", rule: { op: "contains", value: "x" } }] }],
        ["second", "router", { cases: [{ name: "b", rule: { op: "contains", value: "y" } }] }],
        ["reply", "output", {}],
      ],
      ["ask.message > first.value", "first.a > second.value", "second.b > reply.reply", "second.else > reply.reply"],
      {},
    );
    expect(edgesToReplace(two, table, reader(), { from: "first.else", to: "reply.reply" })).toEqual(new Set());
    expect(edgesToReplace(two, table, reader(), { from: "first.a", to: "reply.reply" })).toEqual(
      new Set(["second.b>reply.reply", "second.else>reply.reply"]),
    );
    const half = { ...two, edges: two.edges.slice(0, 3).concat({ from: "first.else", to: "reply.reply" }) };
    expect(edgesToReplace(half, table, reader(), { from: "first.a", to: "reply.reply" })).toEqual(
      new Set(["second.b>reply.reply"]),
    );
  });

  it("offers the node types that fit an open end, best first", () => {
    const documents = fittingTypes(definitions, { kind: "documents", port: "documents" }, "in").map(
      (offer) => offer.definition.type,
    );
    expect(documents[0]).toBe("llm");
    expect(documents).not.toContain("retriever");
    expect(fittingTypes(definitions, { kind: "tools", port: "tools" }, "out")[0]?.definition.type).toBe("tool");
  });

  it("offers types whose inputs come from a template or a tool, with a port named like the one at the other end", () => {
    const offers = fittingTypes(definitions, { kind: "text", port: "message" }, "in");
    const of = (type: string) => offers.find((offer) => offer.definition.type === type);
    expect(of("prompt")).toMatchObject({ port: { id: "message" }, config: { template: "{{message}}" } });
    expect(of("http")).toMatchObject({ port: { id: "message" }, config: { method: "POST", body: "{{message}}" } });
    expect(of("action")).toMatchObject({ port: { id: "message", kind: "any" } });
    // Every type that can take text, except those that have no input at all.
    const withoutInput = ["input", "note", "tool"];
    expect(offers.map((offer) => offer.definition.type).sort()).toEqual(
      definitions
        .map((one) => one.type)
        .filter((type) => !withoutInput.includes(type))
        .sort(),
    );
    // A word of the template language is not a name.
    const literal = fittingTypes(definitions, { kind: "any", port: "empty" }, "in");
    expect(literal.find((offer) => offer.definition.type === "prompt")?.config).toEqual({ template: "{{value}}" });
  });

  it("finds the ports that a port can be connected to", () => {
    const found = connectablePorts(smallGraph(), reader(), "brain", "history", "in").map((mate) => mate.end);
    expect(found[0]).toBe("ask.history");
    expect(found).toContain("ask.message");
    expect(found).not.toContain("kit.tools");
  });

  it("finds the ports by which a node fits into an edge", () => {
    const ports = {
      inputs: [
        { id: "a", kind: "tools" as const },
        { id: "b", kind: "any" as const },
      ],
      outputs: [{ id: "c", kind: "text" as const }],
    };
    expect(throughPorts(ports, "text", "text")).toEqual({ input: "b", output: "c" });
    expect(throughPorts(ports, "text", "tools")).toBeUndefined();
  });
});

describe("ports", () => {
  it("follow a template while it is edited, and stay while it does not parse", () => {
    const read = reader();
    const node = (template: unknown) => ({ id: "p", type: "prompt", version: 1, config: { template } });
    const names = (template: unknown) => read.ports(node(template)).inputs.map((port) => port.id);
    expect(names("Hi {{name}}")).toEqual(["name"]);
    expect(names("Hi {{name}} in {{city}}")).toEqual(["name", "city"]);
    expect(names(7)).toEqual(["name", "city"]);
  });

  it("include the port of an edge that the node no longer has", () => {
    const graph = graphOf(
      "g",
      [
        ["ask", "input", {}],
        ["p", "prompt", { template: "" }],
      ],
      ["ask.message > p.gone"],
      {},
    );
    expect(drawnPorts(graph, graph.nodes[1]!, reader()).inputs).toEqual([
      { id: "gone", kind: "any", missing: true, connected: true },
    ]);
  });

  it("include the ports of edges when the type of the node is unknown", () => {
    const graph = graphOf(
      "g",
      [
        ["ask", "input", {}],
        ["x", "from-the-future", {}],
      ],
      ["ask.message > x.in"],
      {},
    );
    expect(drawnPorts(graph, graph.nodes[1]!, reader())).toMatchObject({
      inputs: [{ id: "in", missing: true }],
      outputs: [],
    });
  });
});

describe("quick fixes", () => {
  it("remove the issue that they are for", () => {
    const broken = graphOf(
      "b",
      [
        ["ask", "input", {}],
        ["ask2", "input", {}],
        ["brief", "prompt", { template: "{{topic}}" }],
        ["kit", "tool", { tools: [] }],
        ["brain", "llm", { color: "red" }],
        ["loose", "prompt", { template: "x" }],
      ],
      [
        "kit.tools > brain.message",
        "ask.message > brief.gone",
        "ask.message > nobody.in",
        "brief.text > brain.instructions",
        "brief.text > brain.instructions",
      ],
      {},
    );
    const read = reader();
    const issues = checkGraph(broken, table);
    const fixed = issues.flatMap((issue) => {
      const fix = fixFor(issue, broken, read);
      return fix?.does === "command" ? [{ issue, command: fix.command }] : [];
    });
    expect(new Set(fixed.map(({ issue }) => issue.code))).toEqual(
      new Set(
        [
          "too-many-inputs",
          "no-output",
          "unknown-key",
          "unknown-port",
          "unknown-node",
          "kind-mismatch",
          "duplicate-edge",
          "missing-edge",
        ].filter((code) => issues.some((issue) => issue.code === code)),
      ),
    );
    for (const { issue, command } of fixed) {
      const after = checkGraph(command.run(broken), table);
      const count = (list: typeof after) =>
        list.filter((one) => one.code === issue.code && one.node === issue.node && one.port === issue.port).length;
      expect(count(after), issue.message).toBeLessThan(count(issues));
    }
  });

  it("connect a node that leads nowhere to an input that is free", () => {
    const loose = graphOf(
      "loose",
      [
        ["ask", "input", {}],
        ["facts", "prompt", { template: "x" }],
        ["brief", "prompt", { template: "{{ask}} {{free}}" }],
        ["reply", "output", {}],
      ],
      ["ask.message > brief.ask", "brief.text > reply.reply"],
      {},
    );
    const issue = checkGraph(loose, table).find((one) => one.code === "unreachable")!;
    const fix = fixFor(issue, loose, reader());
    if (fix?.does !== "command") throw new Error("There is no fix.");
    expect(fix).toMatchObject({ label: "connectTo", what: "brief.free" });
    expect(fix.command.run(loose).edges.at(-1)).toEqual({ from: "facts.text", to: "brief.free" });
  });

  it("lead to a graph that runs", () => {
    let graph = graphOf("b", [["brain", "llm", {}]], [], {});
    for (let step = 0; step < 10; step++) {
      const issue = checkGraph(graph, table).find((one) => one.severity === "error");
      if (!issue) break;
      const fix = fixFor(issue, graph, reader());
      if (fix?.does !== "command") throw new Error(issue.message);
      graph = fix.command.run(graph);
    }
    expect(checkGraph(graph, table).filter((issue) => issue.severity === "error")).toEqual([]);
  });

  it("are one step of the history each", () => {
    expect(replaceGraph(smallGraph()).label).toBe("replace");
    expect(connect({ from: "ask.message", to: "reply.documents" }).run(smallGraph()).edges).toHaveLength(6);
  });
});
