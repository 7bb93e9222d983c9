/** Encapsulating and unpacking any nodes: a run ends the same, and each node has the same outputs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodes } from "../../nodes/index.ts";
import { agentPorts } from "../../runtime/agent-ports.ts";
import { checkGraph } from "../../runtime/check.ts";
import { compile } from "../../runtime/compile.ts";
import { type Graph, serializeGraph } from "../../runtime/graph.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { edgeFit, type Kind } from "../../runtime/port.ts";
import { graphOf, type Played, play } from "../../runtime/testing/play.ts";
import type { Script } from "../../runtime/testing/scripted-host.ts";
import type { ToolSpec } from "../../runtime/tool.ts";
import { encapsulate } from "./encapsulate.ts";
import { unpack } from "./unpack.ts";

const spec: ToolSpec = {
  name: "builtin/work",
  summary: "Works",
  parameters: { type: "object", properties: { text: { type: "string" }, more: { type: "string" } } },
  effect: "write",
  repeatable: true,
};
const context = { tool: () => spec };
const deps = { table: nodes, context };

/** The context in which agents can call `sub`. */
const withAgent = (inner: Graph) => ({ ...context, agent: () => agentPorts(inner, nodes) });

const script: Script = {
  answers: ({ messages }) =>
    `model(${messages.map((one) => one.content).join("|").length}, ${messages.at(-1)?.content})`,
  knowledge: {
    facts: (query) => [{ id: query, title: query, text: `about ${query}`, score: 1, source: "facts" } as never],
  },
  tools: [
    {
      ...spec,
      call: (args) => {
        const { text, more } = args as { text?: string; more?: string };
        return more === "fail" ? { content: "no", error: true } : `did ${text}`;
      },
    },
  ],
  evaluate: (source, input) => (source === "count" ? String(input.value).length : { result: input.value }),
};

type What = "agent" | "prompt" | "router" | "action" | "approval" | "llm" | "retriever" | "code" | "join" | "constant";
interface Piece {
  what: What;
  from: number;
  also: number;
  fails: boolean;
}

interface Topic {
  kind: Kind;
  required: boolean;
}

/**
 * Each piece has up to two earlier ones as sources; the last is the reply. The graph is always valid. `topic`: an input
 * field of its own; `calls`: the input field of the agent that an `agent` piece calls.
 */
function build(
  pieces: Piece[],
  documents: boolean,
  more: { prefix?: string; topic?: Topic; calls?: Topic } = {},
): Graph {
  const { prefix = "n", topic, calls } = more;
  const fields = topic ? [{ name: "topic", ...topic }] : [];
  const made: Record<string, string | [string, unknown, object?]> = { ask: ["input", { fields }], reply: "output" };
  const edges: string[] = [];
  const outs: { end: string; kind: Kind }[] = [{ end: "ask.message", kind: "text" }];
  if (topic) outs.push({ end: "ask.topic", kind: topic.kind });
  const routers: string[] = [];
  const give = (end: string, kind: Kind) => outs.push({ end, kind });
  const source = (wish: number, kind: Kind): string => {
    const fitting = outs.filter((out) => edgeFit(out.kind, kind) !== "no");
    return fitting[wish % fitting.length]!.end;
  };
  pieces.forEach(({ what, from, also, fails }, index) => {
    const id = `${prefix}${index}`;
    if (what === "agent" && calls) {
      made[id] = ["agent", { agent: "sub" }];
      edges.push(`${source(from, "text")} ${id}.message`);
      if (fails || calls.required) edges.push(`${source(also, calls.kind)} ${id}.topic`);
      give(`${id}.reply`, "any");
      if (also % 2) give(`${id}.documents`, "documents");
    } else if (what === "prompt" || what === "agent") {
      made[id] = ["prompt", { template: `${id}({{a}},{{b}})` }];
      edges.push(`${source(from, "any")} ${id}.a`, `${source(also, "any")} ${id}.b`);
      give(`${id}.text`, "text");
    } else if (what === "constant") {
      made[id] = ["prompt", { template: id }];
      give(`${id}.text`, "text");
    } else if (what === "join" && routers.length > 0) {
      const router = routers[from % routers.length]!;
      made[id] = ["prompt", { template: `${id}({{a}})` }];
      edges.push(`${router}.yes ${id}.a`, `${router}.else ${id}.a`);
      give(`${id}.text`, "text");
    } else if (what === "action") {
      made[id] = [
        "action",
        { tool: spec.name, arguments: { more: fails ? "fail" : "" } },
        { onError: "branch", ...(fails ? { retry: { times: 1, waitMs: 1 } } : {}) },
      ];
      edges.push(`${source(from, "text")} ${id}.text`);
      give(`${id}.result`, "any");
      give(`${id}.error`, "json");
    } else if (what === "router" || what === "join") {
      made[id] = ["router", { cases: [{ name: "yes", rule: { op: "contains", value: "n1,n3,hello" } }] }];
      edges.push(`${source(from, "any")} ${id}.value`);
      give(`${id}.yes`, "any");
      give(`${id}.else`, "any");
      routers.push(id);
    } else if (what === "llm") {
      made[id] = "llm";
      edges.push(`${source(from, "text")} ${id}.message`);
      if (fails) edges.push(`${source(also, "text")} ${id}.instructions`);
      const found = outs.filter((out) => out.kind === "documents");
      if (found.length > 0) edges.push(`${found[also % found.length]!.end} ${id}.documents`);
      give(`${id}.text`, "text");
    } else if (what === "retriever") {
      made[id] = ["retriever", { knowledge: "facts" }];
      edges.push(`${source(from, "text")} ${id}.query`);
      give(`${id}.documents`, "documents");
    } else if (what === "code") {
      made[id] = [
        "code",
        {
          source: fails ? "count" : "same",
          outputs: [{ name: "result", kind: fails ? "text" : "any", required: true }],
        },
      ];
      edges.push(`${source(from, "any")} ${id}.value`);
      give(`${id}.result`, fails ? "text" : "any");
    } else {
      made[id] = "approval";
      edges.push(`${source(from, "any")} ${id}.value`);
      give(`${id}.approved`, "any");
      give(`${id}.rejected`, "any");
    }
  });
  const found = outs.filter((out) => out.kind === "documents");
  if (documents && found.length > 0) edges.push(`${found.at(-1)!.end} reply.documents`);
  edges.push(`${outs.at(-1)!.end} reply.reply`);
  const graph = graphOf(made, [...new Set(edges)]);
  graph.layout = Object.fromEntries(graph.nodes.map((node, n) => [node.id, { x: n * 300, y: (n % 3) * 200 }]));
  return graph;
}

const piece = fc.record<Piece>({
  what: fc.constantFrom(
    "prompt",
    "prompt",
    "router",
    "action",
    "approval",
    "llm",
    "retriever",
    "code",
    "join",
    "constant",
  ),
  from: fc.nat(20),
  also: fc.nat(20),
  fails: fc.boolean(),
});

async function toEnd(graph: Graph, inner?: Graph): Promise<Played> {
  const compiled = compile(graph, nodes, inner ? withAgent(inner) : context);
  const scripted: Script = { ...script, ...(inner && { agents: { sub: compile(inner, nodes, context) } }) };
  let played = await play(compiled, nodes, scripted);
  for (let round = 0; played.outcome.status === "waiting" && round < 20; round++) {
    const answers = played.outcome.waits!.map(({ wait, node }) => ({
      wait,
      choice: Number(node.slice(1)) % 3 === 0 ? ("reject" as const) : ("approve" as const),
    }));
    played = await play(compiled, nodes, scripted, { past: played.events, decisions: answers });
  }
  return played;
}

/** The end of a run, and the outputs of each node in any scope. */
function meaning(played: Played, ids: ReadonlySet<string>) {
  const given: Record<string, unknown> = {};
  for (const event of played.events)
    if (event.type === "node-end" && ids.has(event.node) && event.node !== "ask" && event.node !== "reply")
      given[event.node] = event.outputs;
  const { status, output } = played.outcome;
  return { status, output, given };
}

const ids = (graph: Graph) => new Set(graph.nodes.map((node) => node.id));
/** Prompts are left out: it has no effect when one runs more often. */
const watched = ({ nodes: all }: Graph) => new Set(all.flatMap(({ id, type }) => (type === "prompt" ? [] : [id])));
const chosenOf = (graph: Graph, bits: boolean[]) =>
  new Set(graph.nodes.map((node) => node.id).filter((id) => id.startsWith("n") && bits[Number(id.slice(1))]));

describe("encapsulating any nodes of any graph", () => {
  it("keeps the result of a run, also after unpacking; or is refused", async () => {
    const seen = { tried: 0, made: 0, unpacked: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 2, maxLength: 9 }),
        fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
        fc.boolean(),
        async (pieces, bits, documents) => {
          const graph = build(pieces, documents);
          expect(checkGraph(graph, nodes, context).filter((issue) => issue.severity === "error")).toEqual([]);
          const chosen = chosenOf(graph, bits);
          const plan = encapsulate(graph, chosen, deps);
          seen.tried++;
          if ("refused" in plan) return;
          seen.made++;
          const inner = { ...plan.inner, name: "Sub" };
          expect(parseAgentFile(serializeGraph(inner)).issues).toEqual([]);
          const { command, node } = plan.command({ id: "sub", name: "Sub" });
          const outer = command.run(graph);
          expect(parseAgentFile(serializeGraph(outer)).issues).toEqual([]);
          const before = meaning(await toEnd(graph), watched(graph));
          expect(meaning(await toEnd(outer, inner), watched(graph))).toEqual(before);

          const back = unpack(outer, node, inner, deps);
          if ("refused" in back) return;
          seen.unpacked++;
          const again = back.command.run(outer);
          expect(again.layout).toEqual(graph.layout);
          expect(ids(again)).toEqual(ids(graph));
          expect(meaning(await toEnd(again), watched(graph))).toEqual(before);
        },
      ),
      { numRuns: 150 },
    );
    expect(seen.made).toBeGreaterThan(seen.tried / 5);
    expect(seen.unpacked).toBeGreaterThan(seen.made / 2);
  });
});

describe("unpacking any called agent", () => {
  it("keeps the result of a run; or is refused", async () => {
    const seen = { tried: 0, unpacked: 0 };
    const topics = fc.record<Topic>({ kind: fc.constantFrom<Kind>("text", "any"), required: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.array(piece, { maxLength: 3 }),
        fc.tuple(piece, fc.array(piece, { maxLength: 3 })),
        topics,
        fc.tuple(fc.boolean(), fc.boolean()),
        async (within, before, [call, after], topic, [a, b]) => {
          const inner = build(within, a, { prefix: "m", topic });
          const graph = build([...before, { ...call, what: "agent" }, ...after], b, { calls: topic });
          const node = `n${before.length}`;
          const plan = unpack(graph, node, inner, deps);
          seen.tried++;
          if ("refused" in plan) return;
          seen.unpacked++;
          const next = plan.command.run(graph);
          expect(parseAgentFile(serializeGraph(next)).issues).toEqual([]);
          const names = new Set([...watched(graph), ...watched(inner)].filter((id) => id !== node));
          expect(meaning(await toEnd(next), names)).toEqual(meaning(await toEnd(graph, inner), names));
        },
      ),
      { numRuns: 150 },
    );
    expect(seen.unpacked).toBeGreaterThan(seen.tried / 5);
  });
});

/** Two models behind a router, as in the template. */
const desks = (): Graph => ({
  ...graphOf(
    {
      ask: "input",
      door: ["router", { cases: [{ name: "billing", rule: { op: "contains", value: "invoice" } }] }],
      brief: ["prompt", { template: "Billing: {{message}}" }],
      desk: ["llm", {}, { title: "Billing desk" }],
      other: "llm",
      kit: ["tool", { tools: ["builtin/work"] }],
      reply: "output",
    },
    [
      "ask.message door.value",
      "door.billing brief.message",
      "brief.text desk.instructions",
      "door.billing desk.message",
      "kit.tools desk.tools",
      "door.else other.message",
      "desk.text reply.reply",
      "other.text reply.reply",
    ],
    { language: "zh", approvals: { "builtin/work": "ask" } },
  ),
  groups: [
    { id: "billing", title: "Billing", nodes: ["brief", "desk"] },
    { id: "all", title: "All", nodes: ["door", "kit"] },
  ],
  layout: {
    ask: { x: 0, y: 0 },
    door: { x: 300, y: 0 },
    brief: { x: 600, y: 0 },
    desk: { x: 900, y: 40 },
    other: { x: 900, y: 400 },
    kit: { x: 600, y: 200 },
    reply: { x: 1200, y: 0 },
  },
});

const made = (graph: Graph, chosen: string[], name = "Billing desk") => {
  const plan = encapsulate(graph, new Set(chosen), deps);
  if ("refused" in plan) throw new Error(JSON.stringify(plan.refused));
  const inner = { ...plan.inner, name };
  const { command, node } = plan.command({ id: "sub", name });
  return { plan, inner, node, outer: command.run(graph) };
};

describe("an agent made of nodes", () => {
  it("gets named inputs, the settings, groups, pins and positions", () => {
    const pinned = { ...desks(), "x-pins": { desk: { text: "Pinned" }, door: { else: "x" } } } as Graph;
    const { inner, outer, node } = made(pinned, ["brief", "desk", "kit"]);
    expect(inner.nodes.map((one) => one.id)).toEqual(["ask", "brief", "desk", "kit", "reply"]);
    expect(inner.nodes[0]!.config).toEqual({ fields: [{ name: "billing", kind: "any", required: true }] });
    expect(inner.edges).toContainEqual({ from: "ask.billing", to: "desk.message" });
    expect(inner.settings).toMatchObject({ language: "zh", approvals: { "builtin/work": "ask" }, greeting: "" });
    expect(inner.groups.map((group) => group.id)).toEqual(["billing"]);
    expect(inner).toMatchObject({ "x-pins": { desk: { text: "Pinned" } } });
    expect(inner.layout.desk).toEqual({ x: 900, y: 40 });
    expect(node).toBe("billing-desk");
    expect(outer.nodes.map((one) => one.id)).toEqual(["ask", "door", "billing-desk", "other", "reply"]);
    expect(outer.edges).toEqual([
      { from: "ask.message", to: "door.value" },
      { from: "door.billing", to: "billing-desk.billing" },
      { from: "door.else", to: "other.message" },
      { from: "billing-desk.reply", to: "reply.reply" },
      { from: "other.text", to: "reply.reply" },
      { from: "ask.message", to: "billing-desk.message" },
    ]);
    expect(outer.groups).toEqual([{ id: "all", title: "All", nodes: ["door", "billing-desk"] }]);
    expect(outer).toMatchObject({ "x-pins": { door: { else: "x" } } });
    expect(outer.layout["billing-desk"]).toEqual({ x: 600, y: 0 });
  });

  it("has one input for exclusive branches, and lists the models that lose the history", () => {
    const graph = graphOf(
      {
        ask: "input",
        door: ["router", { cases: [{ name: "yes", rule: { op: "contains", value: "y" } }] }],
        sum: ["prompt", { template: "{{value}}" }],
        brain: "llm",
        say: ["prompt", { template: "{{it}}" }],
        reply: "output",
      },
      [
        "ask.message door.value",
        "door.yes sum.value",
        "door.else sum.value",
        "sum.text brain.message",
        "brain.text say.it",
        "say.text reply.reply",
      ],
    );
    const { plan, inner, outer, node } = made(graph, ["sum", "brain"]);
    expect(inner.nodes[0]!.config).toEqual({ fields: [{ name: "value", kind: "any", required: true }] });
    expect(outer.edges.filter((edge) => edge.to === `${node}.value`).map((edge) => edge.from)).toEqual([
      "door.yes",
      "door.else",
    ]);
    expect(plan.forgets).toEqual(["brain"]);
    expect(made(graph, ["sum", "brain", "say"]).plan.forgets).toEqual([]);
  });

  it.each<[string, string[], string, string[]?]>([
    ["no nodes", [], "nothing"],
    ["the agent's own input", ["ask", "door"], "ends"],
    ["a tool node that a model outside uses", ["kit"], "tools", ["kit"]],
    ["nodes whose value leaves and returns", ["door", "desk", "kit"], "circle", ["brief"]],
    ["nodes that two values leave", ["door"], "values", ["door.billing", "door.else"]],
  ])("is refused for %s", (_what, chosen, why, names) => {
    expect(encapsulate(desks(), new Set(chosen), deps)).toEqual({ refused: { why, ...(names && { names }) } });
  });

  it("is refused for a node of an unknown type, and for an edge to an unknown port", () => {
    const graph = desks();
    graph.nodes.push({ id: "new", type: "from-the-future", version: 2, config: {} });
    expect(encapsulate(graph, new Set(["brief", "new"]), deps)).toEqual({
      refused: { why: "unknown", names: ["new"] },
    });
    graph.edges.push({ from: "brief.gone", to: "other.instructions" });
    expect(encapsulate(graph, new Set(["brief"]), deps)).toMatchObject({ refused: { why: "broken" } });
  });

  it("does not change a graph that has changed since", () => {
    const plan = encapsulate(desks(), new Set(["brief"]), deps);
    const later = desks();
    expect("refused" in plan || plan.command({ id: "x", name: "x" }).command.run(later)).toBe(later);
  });
});

describe("unpacking", () => {
  const caller = (more: object = {}, settings: Partial<Graph["settings"]> = {}): Graph => ({
    ...graphOf(
      { ask: "input", brief: ["prompt", { template: "x" }], sub: ["agent", { agent: "sub" }, more], reply: "output" },
      ["ask.message sub.message", "sub.reply reply.reply"],
      settings,
    ),
    groups: [{ id: "g", title: "", nodes: ["sub"] }],
    layout: { ask: { x: 0, y: 0 }, brief: { x: 0, y: 300 }, sub: { x: 300, y: 0 }, reply: { x: 600, y: 0 } },
  });
  const called = (): Graph => ({
    ...graphOf({ ask: "input", brief: ["prompt", { template: "{{message}}" }], brain: "llm", reply: "output" }, [
      "ask.message brief.message",
      "brief.text brain.message",
      "brain.text reply.reply",
    ]),
    groups: [{ id: "g", title: "Mine", nodes: ["brain"] }],
    layout: { ask: { x: 0, y: 0 }, brief: { x: 0, y: 500 }, brain: { x: 400, y: 500 }, reply: { x: 900, y: 0 } },
  });

  it("uses free ids, keeps groups, and makes room", () => {
    const plan = unpack(caller(), "sub", called(), deps);
    if ("refused" in plan) throw new Error(plan.refused.why);
    expect(plan.nodes).toEqual(["brief-2", "brain"]);
    const next = plan.command.run(caller());
    expect(next).toEqual(caller());
    const graph = caller();
    const again = unpack(graph, "sub", called(), deps);
    if ("refused" in again) throw new Error(again.refused.why);
    const joined = again.command.run(graph);
    expect(joined.edges).toEqual([
      { from: "ask.message", to: "brief-2.message" },
      { from: "brief-2.text", to: "brain.message" },
      { from: "brain.text", to: "reply.reply" },
    ]);
    expect(joined.groups).toEqual([
      { id: "g", title: "", nodes: ["brief-2"] },
      { id: "g-2", title: "Mine", nodes: ["brain"] },
    ]);
    expect(joined.layout).toMatchObject({ "brief-2": { x: 300, y: 0 }, brain: { x: 700, y: 0 }, ask: { x: 0, y: 0 } });
    expect(joined.layout.reply!.x).toBeGreaterThan(900);
  });

  it("is refused when the result would behave differently", () => {
    const why = (graph: Graph, inner = called()) => {
      const plan = unpack(graph, "sub", inner, deps);
      return "refused" in plan ? plan.refused.why : undefined;
    };
    expect(why(caller())).toBeUndefined();
    expect(why(caller({ onError: "branch" }))).toBe("retried");
    expect(why(caller({ retry: { times: 1, waitMs: 1 } }))).toBe("retried");
    const acts = called();
    acts.nodes.push({ id: "kit", type: "tool", version: 1, config: { tools: ["builtin/work"] } });
    acts.edges.push({ from: "kit.tools", to: "brain.tools" });
    expect(why(caller(), acts)).toBeUndefined();
    expect(why(caller({}, { approvals: { "builtin/work": "ask" } }), acts)).toBe("approvals");
    const future = called();
    future.nodes.push({ id: "new", type: "from-the-future", version: 2, config: {} });
    expect(why(caller(), future)).toBe("unknown");
    expect(why(caller(), { ...called(), edges: [] })).toBe("issue");
    expect(unpack(caller(), "ask", called(), deps)).toEqual({ refused: { why: "notOne" } });
  });
});
