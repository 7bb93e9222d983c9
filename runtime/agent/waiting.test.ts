/** Approvals, resuming, stopping. */

import { describe, expect, it } from "vitest";
import { nodes } from "../../nodes/index.ts";
import { argumentsHash } from "../arguments-hash.ts";
import { compile } from "../compile.ts";
import type { RunEvent } from "../event.ts";
import type { Execution } from "../execution.ts";
import { graphOf, play } from "../testing/play.ts";
import { type Script, type ScriptedAnswer, scriptedHost } from "../testing/scripted-host.ts";
import { agent, call, double, plain, run, tool } from "./testing/play-agent.ts";

describe("approvals", () => {
  const write = tool("builtin/write", () => "written", { effect: "write" });
  const graph = agent({}, ["builtin/write"], {}, { "builtin/write": "ask" });
  const script: Script = {
    tools: [write],
    answers: [{ calls: [{ id: "w", name: "write", arguments: { x: 1 } }] }, "Written."],
  };

  it("asks a person about the exact arguments, and continues with the decision", async () => {
    const first = await play(graph, nodes, script, { input: "Write" });
    expect(first.outcome.status).toBe("waiting");
    const [wait] = first.outcome.waits!;
    expect(wait).toMatchObject({
      kind: "approval",
      node: "brain",
      question: "May builtin/write be called with these arguments?",
      call: { id: "w", tool: "builtin/write", arguments: { x: 1 } },
      argsHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(first.host.calls).toEqual([]);
    const then = await play(
      graph,
      nodes,
      { ...script, answers: ["Written."] },
      { input: "Write", past: first.events, decisions: [{ wait: wait!.wait, choice: "approve" }] },
    );
    expect(then.outcome.output?.reply).toBe("Written.");
    expect(then.host.calls).toHaveLength(1);
    expect(then.host.requests).toHaveLength(1);
  });
  it("makes the call with the arguments that the person edited, and tells the model", async () => {
    const first = await play(graph, nodes, script, { input: "Write" });
    const [wait] = first.outcome.waits!;
    expect(wait!.schema).toEqual(write.parameters);
    const decide = (value: unknown) =>
      play(
        graph,
        nodes,
        { ...script, answers: ["Done."] },
        { input: "Write", past: first.events, decisions: [{ wait: wait!.wait, choice: "approve", value }] },
      );
    const then = await decide({ x: 2 });
    expect(then.host.calls).toMatchObject([{ arguments: { x: 2 } }]);
    const [start] = then.of("tool-start");
    expect(start).toMatchObject({ call: { arguments: { x: 2 } }, proposed: { x: 1 } });
    expect(start!.argsHash).toBe(argumentsHash({ x: 2 }));
    expect(then.host.requests[0]!.messages.at(-1)).toMatchObject({
      role: "tool",
      content: expect.stringMatching(/changed the arguments.*\{"x":2\}\nwritten$/),
    });
    const same = await decide({ x: 1 });
    expect(same.of("tool-start")[0]).not.toHaveProperty("proposed");
    const bad = await decide({ x: "two" });
    expect(bad.host.calls).toEqual([]);
    expect(bad.of("tool-end")[0]!.error?.code).toBe("bad_arguments");
  });
  it("makes the call of an action with the edited arguments", async () => {
    const one = graphOf(
      { ask: "input", act: ["action", { tool: "builtin/write", arguments: { x: 1 } }], reply: "output" },
      ["act.result reply.reply"],
      { approvals: { "builtin/write": "ask" } },
    );
    const first = await play(one, nodes, { tools: [write] });
    const decisions = [{ wait: first.outcome.waits![0]!.wait, choice: "approve" as const, value: { x: 7 } }];
    const then = await play(one, nodes, { tools: [write] }, { past: first.events, decisions });
    expect(then.host.calls).toMatchObject([{ arguments: { x: 7 } }]);
    expect(then.of("tool-start")[0]).toMatchObject({ proposed: { x: 1 } });
  });
  it("a rejected call goes back to the model with the reason", async () => {
    const first = await play(graph, nodes, script, { input: "Write" });
    const then = await play(
      graph,
      nodes,
      { ...script, answers: ["I did not write."] },
      {
        input: "Write",
        past: first.events,
        decisions: [{ wait: first.outcome.waits![0]!.wait, choice: "reject", value: "not today" }],
      },
    );
    expect(then.outcome.output?.reply).toBe("I did not write.");
    expect(then.host.calls).toEqual([]);
    expect(then.host.requests[0]!.messages.at(-1)).toMatchObject({
      role: "tool",
      error: true,
      content: expect.stringContaining("not today"),
    });
    expect(then.of("tool-end")[0]!.error?.code).toBe("rejected");
  });
  it("the graph's settings override the node: off is not offered, auto does not ask", async () => {
    const off = await run(
      agent({}, ["builtin/write"], { approvals: { "builtin/write": "off" } }, { "builtin/write": "auto" }),
      ["I cannot."],
      { tools: [write] },
    );
    expect(off.host.requests[0]!.tools).toBeUndefined();
    const auto = await run(
      agent({}, ["builtin/write"], { approvals: { "builtin/*": "auto" } }, { "builtin/write": "ask" }),
      script.answers,
      { tools: [write] },
    );
    expect(auto.outcome.output?.reply).toBe("Written.");
  });
  it("a demo model is offered read tools only", async () => {
    const { host } = await run(agent({}, ["builtin/*"], { approvals: { "builtin/*": "auto" } }), ["hi"], {
      tools: [write, double],
      models: { "demo/offline": { demo: true } },
    });
    expect(host.requests[0]!.tools?.map((one) => one.name)).toEqual(["double"]);
  });
});

describe("the time limit of a node", () => {
  const write = tool("builtin/write", () => "written", { effect: "write" });
  const gate = compile(
    graphOf({ ask: "input", ok: ["approval", {}], reply: "output" }, [
      "ask.message ok.value",
      "ok.approved reply.reply",
    ]),
    nodes,
  );

  it.each([
    ["of a call of its own", "builtin/write", { x: 1 }],
    ["in an agent that it calls", "agent/gate", { message: "May I?" }],
  ])("does not count the wait for a person, also while another branch runs: %s", async (_where, name, given) => {
    const slow = Promise.withResolvers<string>();
    const graph = graphOf(
      {
        ask: "input",
        kit: ["tool", { tools: [name], approve: { "builtin/write": "ask" } }],
        brain: ["llm", { budget: { seconds: 100 } }],
        long: ["prompt", { template: "Take your time." }],
        slow: "llm",
        both: ["prompt", { template: "{{a}} {{b}}" }],
        reply: "output",
      },
      [
        "ask.message brain.message",
        "kit.tools brain.tools",
        "long.text slow.message",
        "brain.text both.a",
        "slow.text both.b",
        "both.text reply.reply",
      ],
    );
    const host = scriptedHost({
      tools: [write, tool("agent/gate", undefined, { parameters: { type: "object" } })],
      agents: { gate },
      answers: ({ messages, tools }) => {
        if (messages.some((message) => message.content === "Take your time.")) return slow.promise;
        return messages.at(-1)?.role === "tool" ? "Written." : { calls: [{ name: tools![0]!.name, arguments: given }] };
      },
    });
    let later = 0;
    const { now, append } = host;
    const limits: { ms: number; signal: AbortSignal }[] = [];
    let execution: Execution;
    Object.assign(host, {
      now: () => now() + later,
      sleep: (ms: number, signal: AbortSignal) => {
        if (ms <= 100_000) limits.push({ ms, signal });
        return new Promise<void>((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
        );
      },
      append: async (event: RunEvent) => {
        await append.call(host, event);
        if (event.type !== "run-wait") return;
        setImmediate(() => {
          expect(limits.map(({ signal }) => signal.aborted)).toEqual([true]);
          later = 500_000;
          void execution
            .decide([{ wait: event.waits[0]!.wait, choice: "approve" }])
            .then(() => slow.resolve("Slowly."));
        });
      },
    });
    const { outcome } = await play(
      graph,
      nodes,
      {},
      {
        host,
        live: (live) => {
          execution = live;
        },
      },
    );
    expect(outcome).toMatchObject({ status: "done", output: { reply: "Written. Slowly." } });
    expect(limits).toHaveLength(2);
    expect(limits[1]!.ms).toBeGreaterThan(99_900);
    expect(limits[1]!.signal.aborted).toBe(true);
  });
});

describe("resuming", () => {
  it("from any point of the log ends the same, and requests nothing twice", async () => {
    const answers: ScriptedAnswer[] = [
      { text: "First.", calls: [call(1), call(2)] },
      { calls: [{ name: "nope", arguments: {} }] },
      { calls: [call(3)] },
      "It is 12 [1].",
    ];
    const graph = agent();
    const repeatable = { ...double, repeatable: true };
    const whole = await play(graph, nodes, { tools: [repeatable], answers }, { input: "Go" });
    expect(whole.outcome.output?.reply).toBe("It is 12 [1].");
    for (let cut = 1; cut < whole.events.length; cut++) {
      const past = whole.events.slice(0, cut);
      const asked = past.filter((event) => event.type === "message").length;
      const again = await play(
        graph,
        nodes,
        { tools: [repeatable], answers: answers.slice(asked) },
        { input: "Go", past },
      );
      expect(again.outcome, `cut at ${cut}`).toEqual(whole.outcome);
      const all = [...past, ...again.events.slice(again.events[0]?.seq === 0 ? cut : 0)];
      const ended = all.filter((event) => event.type === "tool-end").map((event) => event.call);
      expect(ended.length, `cut at ${cut}`).toBe(4);
      expect(new Set(ended).size).toBe(4);
      expect(all.filter((event) => event.type === "message").length).toBe(4);
      expect(all.filter((event) => event.type === "prompt-built").length).toBe(4);
    }
  });
});

describe("stopping", () => {
  it("a cancelled run ends its model call at once", async () => {
    const controller = new AbortController();
    const { outcome, lines } = await play(
      plain(),
      nodes,
      { answers: [{ text: "Half", hang: true }] },
      {
        input: "Go",
        signal: controller.signal,
        // By the next macrotask the model has said "Half" and hangs.
        live: () => setImmediate(() => controller.abort()),
      },
    );
    expect(outcome.status).toBe("cancelled");
    expect(lines().at(-1)).toContain("run-cancel");
  });
});
