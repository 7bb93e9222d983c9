/** Any graph, cut anywhere, ends the same: what resuming promises, on random graphs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { checkGraph } from "./check.ts";
import { compile } from "./compile.ts";
import type { RunEvent } from "./event.ts";
import { foldRun } from "./fold-run.ts";
import type { Graph } from "./graph.ts";
import { graphOf, type Played, play } from "./testing/play.ts";
import type { Script } from "./testing/scripted-host.ts";
import type { ToolSpec } from "./tool.ts";

const spec: ToolSpec = {
  name: "builtin/work",
  summary: "Works",
  parameters: { type: "object", properties: { text: { type: "string" }, more: { type: "string" } } },
  effect: "write",
  repeatable: true,
};
const table = new Map(nodes);
const action = nodes.get("action")!;
table.set("action", { ...action, ports: (config) => action.ports(config, { tool: () => spec }) });

type Piece = { type: "prompt" | "router" | "action" | "approval"; from: number; also: number; fails: boolean };

/** Each piece hangs on up to two earlier ones; the last is the answer. Always a sound graph. */
function build(pieces: Piece[]): Graph {
  const made: Record<string, string | [string, unknown, object?]> = { ask: "input", reply: "output" };
  const edges: string[] = [];
  const outs = ["ask.message"];
  pieces.forEach(({ type, from, also, fails }, index) => {
    const id = `n${index}`;
    const source = outs[from % outs.length]!;
    const second = outs[also % outs.length]!;
    if (type === "prompt") {
      made[id] = ["prompt", { template: `${id}({{a}},{{b}})` }];
      edges.push(`${source} ${id}.a`, `${second} ${id}.b`);
      outs.push(`${id}.text`);
    } else if (type === "action") {
      made[id] = [
        "action",
        { tool: spec.name, arguments: { more: fails ? "fail" : "" } },
        { onError: "branch", ...(fails ? { retry: { times: 1, waitMs: 1 } } : {}) },
      ];
      edges.push(`${source} ${id}.text`);
      outs.push(`${id}.result`, `${id}.error`);
    } else if (type === "router") {
      made[id] = ["router", { cases: [{ name: "yes", rule: { op: "contains", value: "n1,n3,hello" } }] }];
      edges.push(`${source} ${id}.value`);
      outs.push(`${id}.yes`, `${id}.else`);
    } else {
      made[id] = "approval";
      edges.push(`${source} ${id}.value`);
      outs.push(`${id}.approved`, `${id}.rejected`);
    }
  });
  edges.push(`${outs.at(-1)} reply.reply`);
  return graphOf(made, edges);
}

const piece = fc.record<Piece>({
  type: fc.constantFrom("prompt", "prompt", "router", "action", "approval"),
  from: fc.nat(20),
  also: fc.nat(20),
  fails: fc.boolean(),
});

const script: Script = {
  tools: [
    {
      ...spec,
      call: (args) =>
        (args as { more?: string }).more === "fail"
          ? { content: "no", error: true }
          : `did ${(args as { text: string }).text}`,
    },
  ],
};

async function toEnd(graph: Graph, past: RunEvent[]): Promise<Played> {
  const compiled = compile(graph, table);
  let played = await play(compiled, table, script, { past });
  for (let round = 0; played.outcome.status === "waiting" && round < 20; round++) {
    const answers = played.outcome.waits!.map(({ wait, node }) => ({
      wait,
      choice: Number(node.slice(1)) % 3 === 0 ? ("reject" as const) : ("approve" as const),
    }));
    played = await play(compiled, table, script, { past: played.events, decisions: answers });
  }
  return played;
}

describe("a random graph", () => {
  it("ends once, in order, with the same result from any prefix of its log, and does nothing twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 10 }), fc.nat(), async (pieces, cut) => {
        const graph = build(pieces);
        expect(checkGraph(graph, table).filter((issue) => issue.severity === "error")).toEqual([]);
        const whole = await toEnd(graph, []);
        const resumed = await toEnd(graph, whole.events.slice(0, 1 + (cut % whole.events.length)));
        expect(resumed.outcome).toEqual(whole.outcome);
        for (const { events } of [whole, resumed]) {
          expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
          expect(events.filter((event) => event.type === "run-end" || event.type === "run-fail")).toEqual([
            events.at(-1),
          ]);
          for (const type of ["node-end", "node-skip"] as const) {
            const seen = events.flatMap((event) => (event.type === type ? [event.node] : []));
            expect(new Set(seen).size).toBe(seen.length);
          }
          const results = events.flatMap((event) => (event.type === "tool-end" ? [`${event.node} ${event.call}`] : []));
          expect(new Set(results).size).toBe(results.length);
        }
        const [a, b] = [foldRun(whole.events), foldRun(resumed.events)];
        expect(
          [...b.nodes.values()].map(({ node, status, outputs }) => ({ node, status, outputs })).sort(byNode),
        ).toEqual([...a.nodes.values()].map(({ node, status, outputs }) => ({ node, status, outputs })).sort(byNode));
      }),
      { numRuns: 150 },
    );
  });
});

const byNode = (a: { node: string }, b: { node: string }) => (a.node < b.node ? -1 : 1);
