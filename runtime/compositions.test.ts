/** Containers inside containers: every pair, with an answer, a failure, a cancel and a person at the innermost level. */
import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { type CompiledGraph, compile } from "./compile.ts";
import type { WaitDecision } from "./event.ts";
import { foldRun } from "./fold-run.ts";
import type { Graph } from "./graph.ts";
import { graphOf, type Played, type PlayOptions, play } from "./testing/play.ts";
import type { Script } from "./testing/scripted-host.ts";

const containers = ["map", "loop", "agent"] as const;
type Container = (typeof containers)[number];

/** A graph whose only work is the container; `inner` is what it repeats. */
function wrap(container: Container, inner: Graph, agents: Record<string, CompiledGraph>, config: object = {}): Graph {
  if (container === "agent") {
    const name = `inner-${Object.keys(agents).length}`;
    agents[name] = compile(inner, nodes);
    return graphOf({ ask: "input", agent: ["agent", { agent: name }], reply: "output" }, [
      "ask.message agent.message",
      "agent.reply reply.reply",
    ]);
  }
  if (container === "map")
    return graphOf({ ask: "input", map: ["map", { body: inner, ...config }], reply: "output" }, [
      "ask.message map.items",
      "map.results reply.reply",
    ]);
  return graphOf({ ask: "input", loop: ["loop", { body: inner, maxTurns: 2, ...config }], reply: "output" }, [
    "ask.message loop.value",
    "loop.result reply.reply",
  ]);
}

const approve = graphOf({ ask: "input", ok: ["approval", { question: "Go on?" }], reply: "output" }, [
  "ask.message ok.value",
  "ok.approved reply.reply",
  "ok.rejected reply.reply",
]);
const code = graphOf({ ask: "input", code: ["code", {}], reply: "output" }, [
  "ask.message code.value",
  "code.result reply.reply",
]);
const shout: Script["evaluate"] = (_, input) => ({ result: `${String(input.value)}!` });

/** Answers whatever waits until nothing waits any more; each round is a new process that knows the log only. */
async function answerAll(
  graph: Graph,
  script: Script,
  options: PlayOptions,
  choice: WaitDecision["choice"],
): Promise<{ played: Played; rounds: number }> {
  let played = await play(graph, nodes, script, options);
  let rounds = 0;
  while (played.outcome.status === "waiting") {
    rounds++;
    const answers = played.outcome.waits!.map(({ wait }) => ({ wait, choice }));
    played = await play(graph, nodes, script, { ...options, past: played.events, decisions: answers });
  }
  return { played, rounds };
}

describe.each(containers.flatMap((outer) => containers.map((inner) => [outer, inner] as const)))(
  "%s ⊃ %s",
  (outer, inner) => {
    const build = (core: Graph, config?: object) => {
      const agents: Record<string, CompiledGraph> = {};
      return { graph: wrap(outer, wrap(inner, core, agents, config), agents, config), agents };
    };
    const input = "a\nb";

    it("runs, and every event has its complete scope", async () => {
      const { graph, agents } = build(code);
      const { outcome, events } = await play(graph, nodes, { agents, evaluate: shout }, { input });
      expect(outcome.status).toBe("done");
      expect(JSON.stringify(outcome.output)).toMatch(/!/);
      const view = foldRun(events);
      for (const node of view.nodes.values()) expect(node.status, JSON.stringify(node.scope)).toBe("done");
      const innermost = [...view.nodes.values()].filter((node) => node.node === "code");
      expect(innermost.length).toBeGreaterThan(0);
      for (const node of innermost) expect(node.scope!.map((part) => part.node)).toEqual([outer, inner]);
      expect(new Set(innermost.map((node) => JSON.stringify(node.scope))).size).toBe(innermost.length);
    });

    it("fails with the innermost failure", async () => {
      const { graph, agents } = build(code);
      const played = await play(
        graph,
        nodes,
        { agents, evaluate: () => Promise.reject(new Error("broken")) },
        { input },
      );
      expect(played.outcome).toMatchObject({ status: "failed", error: { message: "broken" } });
      expect(played.of("node-fail").map(({ node }) => node)).toContain(outer);
      expect(played.events.at(-1)).toMatchObject({ type: "run-fail", node: outer });
    });

    it("stops at once when cancelled in the innermost node", async () => {
      const { graph, agents } = build(code);
      const controller = new AbortController();
      const { outcome, events } = await play(
        graph,
        nodes,
        {
          agents,
          evaluate: () => {
            queueMicrotask(() => controller.abort());
            return new Promise(() => {});
          },
        },
        { input, signal: controller.signal },
      );
      expect(outcome.status).toBe("cancelled");
      expect(events.at(-1)!.type).toBe("run-cancel");
    });

    it("waits for a person inside, parked, over several processes", async () => {
      const { graph, agents } = build(approve);
      const { played, rounds } = await answerAll(graph, { agents }, { input }, "approve");
      expect(played.outcome.status).toBe("done");
      expect(rounds).toBeGreaterThan(0);
      const waits = played.of("run-wait").flatMap((event) => event.waits);
      expect(new Set(waits.map(({ wait }) => wait)).size).toBe(waits.length);
      for (const wait of waits) expect(wait.scope!.map((part) => part.node)).toEqual([outer, inner]);
      // No node of the log ran to its end twice.
      const ends = played.of("node-end").map((event) => `${JSON.stringify(event.scope)} ${event.node}`);
      expect(new Set(ends).size).toBe(ends.length);
      expect(played.events.map((event) => event.seq)).toEqual(played.events.map((_, index) => index));
    });
  },
);

describe("loop ⊃ map ⊃ agent ⊃ approval", () => {
  const agents: Record<string, CompiledGraph> = {};
  const graph = wrap("loop", wrap("map", wrap("agent", approve, agents), agents), agents);

  it("asks for all items of a turn at once, then for those of the next turn", async () => {
    const { played, rounds } = await answerAll(graph, { agents }, { input: "a\nb\nc" }, "approve");
    expect(played.outcome.output!.reply).toEqual(["a", "b", "c"]);
    expect(rounds).toBe(2);
    const first = played.of("run-wait").flatMap((event) => event.waits)[0]!;
    expect(first.scope).toEqual([{ node: "loop", turn: 0 }, { node: "map", item: 0 }, { node: "agent" }]);
  });
});

describe("one item of a map fails", () => {
  const run = (onItemError: string) => {
    const graph = graphOf(
      { ask: "input", map: ["map", { body: code, onItemError, concurrency: 1 }], reply: "output" },
      ["ask.message map.items", "map.results reply.reply"],
    );
    return play(
      graph,
      nodes,
      { evaluate: (source, input) => (input.value === "b" ? Promise.reject(new Error("no b")) : shout(source, input)) },
      { input: "a\nb\nc" },
    );
  };
  it("fail: the run fails and nothing after it starts", async () => {
    const { outcome, lines } = await run("fail");
    expect(outcome).toMatchObject({ status: "failed", error: { message: "no b" } });
    expect(lines()).not.toContain("node-start map[2]/code");
  });
  it("skip: the others are the result", async () => {
    expect((await run("skip")).outcome.output!.reply).toEqual(["a!", "c!"]);
  });
  it("collect: the result has the error at its index", async () => {
    expect((await run("collect")).outcome.output!.reply).toEqual([
      "a!",
      { error: { code: "internal", message: "no b" } },
      "c!",
    ]);
  });
});

it("an agent that calls itself fails at the nesting limit with an explanation", async () => {
  const agents: Record<string, CompiledGraph> = {};
  const self = graphOf({ ask: "input", agent: ["agent", { agent: "self" }], reply: "output" }, [
    "ask.message agent.message",
    "agent.reply reply.reply",
  ]);
  agents.self = compile(self, nodes);
  const { outcome } = await play(self, nodes, { agents });
  expect(outcome).toMatchObject({ status: "failed", error: { code: "nesting_limit" } });
});
