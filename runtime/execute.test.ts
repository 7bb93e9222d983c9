import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { PatchbayError } from "./error.ts";
import type { RunEvent } from "./event.ts";
import type { Execution } from "./execution.ts";
import { foldRun } from "./fold-run.ts";
import { graphOf, play } from "./testing/play.ts";
import { scriptedHost } from "./testing/scripted-host.ts";
import type { ToolSpec } from "./tool.ts";

const echo = (name: string, more: Partial<ToolSpec> = {}): ToolSpec => ({
  name,
  summary: name,
  parameters: { type: "object", properties: { text: { type: "string" } }, additionalProperties: false },
  effect: "read",
  ...more,
});
/** A graph whose tools are called by `action` nodes, with the tool's arguments as ports. */
const actions = (graph: Parameters<typeof graphOf>, tools: ToolSpec[]) => {
  const table = new Map(nodes);
  const definition = nodes.get("action")!;
  table.set("action", {
    ...definition,
    ports: (config) => definition.ports(config, { tool: (name) => tools.find((tool) => tool.name === name) }),
  });
  return { graph: graphOf(...graph), table };
};
const passOn: Parameters<typeof graphOf> = [{ ask: "input", reply: "output" }, ["ask.message reply.reply"]];

/** An approval and a tool side by side; the tool's result is what the test resolves `work` with. */
const approvalBesideTool = () => {
  const work = Promise.withResolvers<string>();
  const tools = [{ ...echo("builtin/slow"), call: () => work.promise }];
  const made = actions(
    [
      {
        ask: "input",
        ok: ["approval", {}],
        slow: ["action", { tool: "builtin/slow" }],
        both: ["prompt", { template: "{{a}}{{b}}" }],
        reply: "output",
      },
      [
        "ask.message ok.value",
        "ask.message slow.text",
        "ok.approved both.a",
        "slow.result both.b",
        "both.text reply.reply",
      ],
    ],
    tools,
  );
  return { ...made, tools, work };
};

function expectSound(events: RunEvent[]) {
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
  const terminal = events.filter((event) => ["run-end", "run-fail", "run-cancel"].includes(event.type));
  expect(terminal.length).toBeLessThanOrEqual(1);
  if (terminal[0]) expect(events.at(-1)).toBe(terminal[0]);
}

describe("a run", () => {
  it("is its events, in order, with one end", async () => {
    const { outcome, lines, events } = await play(graphOf(...passOn), nodes, {}, { input: "hi" });
    expect(outcome).toEqual({ status: "done", output: { reply: "hi" } });
    expect(lines()).toEqual([
      "run-start",
      "node-start ask",
      "node-end ask",
      "node-start reply",
      "node-end reply",
      "run-end",
    ]);
    expectSound(events);
  });

  it("converts JSON to text between nodes", async () => {
    const graph = graphOf(
      {
        ask: ["input", { fields: [{ name: "data", kind: "json" }] }],
        find: ["retriever", { knowledge: "k" }],
        reply: "output",
      },
      ["ask.data find.query", "find.documents reply.reply"],
    );
    const played = await play(graph, nodes, { knowledge: { k: [] } }, { input: { data: { city: "Paris" } } });
    expect(played.of("retrieval")[0]!.query).toBe('{"city":"Paris"}');
  });

  it("runs independent branches at the same time", async () => {
    const tools = [echo("builtin/a"), echo("builtin/b")];
    const { graph, table } = actions(
      [
        {
          ask: "input",
          a: ["action", { tool: "builtin/a" }],
          b: ["action", { tool: "builtin/b" }],
          both: ["prompt", { template: "{{x}}+{{y}}" }],
          reply: "output",
        },
        ["ask.message a.text", "ask.message b.text", "a.result both.x", "b.result both.y", "both.text reply.reply"],
      ],
      tools,
    );
    // Each call ends only when the other has begun: one after the other would hang.
    const begun = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
    const meet = (mine: "a" | "b", other: "a" | "b") => async () => {
      begun[mine].resolve();
      await begun[other].promise;
      return mine;
    };
    const { outcome } = await play(graph, table, {
      tools: [
        { ...tools[0]!, call: meet("a", "b") },
        { ...tools[1]!, call: meet("b", "a") },
      ],
    });
    expect(outcome.output).toEqual({ reply: "a+b" });
  });

  it("skips nodes that depend only on a branch that was not taken, and joins the taken branch", async () => {
    const graph = graphOf(
      {
        ask: "input",
        route: ["router", { cases: [{ name: "leave", rule: { op: "contains", value: "leave, 假期" } }] }],
        hr: ["prompt", { template: "HR: {{q}}" }],
        desk: ["prompt", { template: "Desk: {{q}}" }],
        reply: "output",
      },
      [
        "ask.message route.value",
        "route.leave hr.q",
        "route.else desk.q",
        "hr.text reply.reply",
        "desk.text reply.reply",
      ],
    );
    const leave = await play(graph, nodes, {}, { input: "how much Leave?" });
    expect(leave.outcome.output).toEqual({ reply: "HR: how much Leave?" });
    expect(leave.lines()).toContain("node-skip desk");
    expect((await play(graph, nodes, {}, { input: "我的假期" })).outcome.output).toEqual({ reply: "HR: 我的假期" });
    expect((await play(graph, nodes, {}, { input: "wifi?" })).outcome.output).toEqual({ reply: "Desk: wifi?" });
  });

  it("retries a node as configured, with each attempt in the trace", async () => {
    let calls = 0;
    const tools = [echo("builtin/flaky")];
    const { graph, table } = actions(
      [
        {
          ask: "input",
          act: ["action", { tool: "builtin/flaky" }, { retry: { times: 2, waitMs: 10 } }],
          reply: "output",
        },
        ["ask.message act.text", "act.result reply.reply"],
      ],
      tools,
    );
    const played = await play(graph, table, {
      tools: [{ ...tools[0]!, call: () => (++calls < 3 ? { content: "busy", error: true } : "ok") }],
    });
    expect(played.outcome).toMatchObject({ status: "done", output: { reply: "ok" } });
    expect(played.of("node-fail").map(({ next, attempt, retryInMs }) => ({ next, attempt, retryInMs }))).toEqual([
      { next: "retry", attempt: 1, retryInMs: 10 },
      { next: "retry", attempt: 2, retryInMs: 20 },
    ]);
    expect(new Set(played.host.calls.map((call) => call.idempotencyKey)).size).toBe(3);
    expectSound(played.events);
  });

  it("takes the error branch of a node that has one", async () => {
    const tools = [echo("builtin/broken")];
    const { graph, table } = actions(
      [
        {
          ask: "input",
          act: ["action", { tool: "builtin/broken" }, { onError: "branch" }],
          sorry: ["prompt", { template: "Sorry: {{e.message}}" }],
          reply: "output",
        },
        ["ask.message act.text", "act.result reply.reply", "act.error sorry.e", "sorry.text reply.reply"],
      ],
      tools,
    );
    const played = await play(graph, table, {
      tools: [{ ...tools[0]!, call: () => ({ content: "no", error: true }) }],
    });
    expect(played.outcome.output).toEqual({ reply: "Sorry: builtin/broken: no" });
    expect(foldRun(played.events).nodes.get("act")).toMatchObject({ status: "failed", error: { code: "tool_failed" } });
  });

  it("fails with the first failure, stops the other branches and names the node", async () => {
    const tools = [echo("builtin/broken"), echo("builtin/slow")];
    const { graph, table } = actions(
      [
        {
          ask: "input",
          bad: ["action", { tool: "builtin/broken" }],
          slow: ["action", { tool: "builtin/slow" }],
          both: ["prompt", { template: "{{x}}{{y}}" }],
          reply: "output",
        },
        [
          "ask.message bad.text",
          "ask.message slow.text",
          "bad.result both.x",
          "slow.result both.y",
          "both.text reply.reply",
        ],
      ],
      tools,
    );
    let aborted = false;
    const played = await play(graph, table, {
      tools: [
        { ...tools[0]!, call: () => ({ content: "no", error: true }) },
        {
          ...tools[1]!,
          call: (_, { signal }) =>
            new Promise((_resolve, reject) =>
              signal.addEventListener("abort", () => {
                aborted = true;
                reject(signal.reason);
              }),
            ),
        },
      ],
    });
    expect(played.outcome).toMatchObject({ status: "failed", error: { code: "tool_failed" } });
    expect(played.of("run-fail")[0]).toMatchObject({ node: "bad" });
    expect(aborted).toBe(true);
    expectSound(played.events);
  });

  it("ends at once when cancelled, also when a node ignores its signal", async () => {
    const tools = [echo("builtin/deaf")];
    const { graph, table } = actions(
      [
        { ask: "input", act: ["action", { tool: "builtin/deaf" }], reply: "output" },
        ["ask.message act.text", "act.result reply.reply"],
      ],
      tools,
    );
    const controller = new AbortController();
    const played = await play(
      graph,
      table,
      {
        tools: [
          {
            ...tools[0]!,
            call: () => {
              queueMicrotask(() => controller.abort());
              return new Promise<string>(() => {});
            },
          },
        ],
      },
      { signal: controller.signal },
    );
    expect(played.outcome).toEqual({ status: "cancelled" });
    expect(played.events.at(-1)!.type).toBe("run-cancel");
    expectSound(played.events);
  });

  it("fails when its log cannot be written", async () => {
    const full = new PatchbayError("storage_full", "The disk is full.");
    const { outcome } = await play(graphOf(...passOn), nodes, {
      onAppend: (event) => {
        if (event.seq >= 3) throw full;
      },
    });
    expect(outcome).toMatchObject({ status: "failed", error: { code: "storage_full" } });
  });
});

describe("a resumed run", () => {
  const tools = [echo("builtin/once", { effect: "write" }), echo("builtin/then")];
  const { graph, table } = actions(
    [
      {
        ask: "input",
        a: ["action", { tool: "builtin/once" }],
        b: ["action", { tool: "builtin/then" }],
        reply: "output",
      },
      ["ask.message a.text", "a.result b.text", "b.result reply.reply"],
    ],
    tools,
  );
  const script = {
    tools: tools.map((tool) => ({
      ...tool,
      call: (args: unknown) => `${tool.name}(${(args as { text: string }).text})`,
    })),
  };

  it("from any prefix of its log ends the same and calls nothing twice", async () => {
    const whole = await play(graph, table, script);
    expect(whole.outcome.output).toEqual({ reply: "builtin/then(builtin/once(hello))" });
    for (let cut = 1; cut < whole.events.length; cut++) {
      const past = whole.events.slice(0, cut);
      const resumed = await play(graph, table, script, { past });
      const finished = new Set(past.flatMap((event) => (event.type === "tool-end" ? [event.tool] : [])));
      const intents = past.flatMap((event) =>
        event.type === "tool-start" && !finished.has(event.tool) ? [event.tool] : [],
      );
      expect(
        resumed.host.calls.filter((call) => finished.has(call.tool)),
        `cut at ${cut}`,
      ).toEqual([]);
      expectSound(resumed.events);
      if (intents.length > 0) {
        expect(resumed.outcome.status).toBe("uncertain");
        expect(resumed.host.calls.filter((call) => intents.includes(call.tool))).toEqual([]);
      } else expect(resumed.outcome).toEqual(whole.outcome);
    }
  });

  it("asks a person about an intent without a result, who decides retry, skip or fail", async () => {
    const whole = await play(graph, table, script);
    const past = whole.events.slice(0, whole.events.findIndex((event) => event.type === "tool-start") + 1);
    const parked = await play(graph, table, script, { past });
    expect(parked.outcome).toMatchObject({ status: "uncertain", waits: [{ kind: "uncertain", node: "a" }] });
    const wait = parked.outcome.waits![0]!.wait;
    const retried = await play(graph, table, script, { past: parked.events, decisions: [{ wait, choice: "retry" }] });
    expect(retried.outcome).toEqual(whole.outcome);
    expect(retried.host.calls[0]!.idempotencyKey).toBe(whole.host.calls[0]!.idempotencyKey);
    expect(
      (await play(graph, table, script, { past: parked.events, decisions: [{ wait, choice: "fail" }] })).outcome.status,
    ).toBe("failed");
    // Killed again in the middle of the retry: asks again, under another wait.
    const again = retried.events.slice(
      0,
      retried.events.findLastIndex((event) => event.type === "tool-start" && event.node === "a") + 1,
    );
    const asked = await play(graph, table, script, { past: again });
    expect(asked.outcome.status).toBe("uncertain");
    expect(asked.outcome.waits![0]!.wait).not.toBe(wait);
  });

  it("repeats an uncertain call with the same key if the operator marked it safe", async () => {
    const safe = tools.map((tool) => ({ ...tool, repeatable: true, call: () => "ok" }));
    const whole = await play(graph, table, { tools: safe });
    const past = whole.events.slice(0, whole.events.findIndex((event) => event.type === "tool-start") + 1);
    const resumed = await play(graph, table, { tools: safe }, { past });
    expect(resumed.outcome).toEqual(whole.outcome);
    expect(resumed.host.calls[0]!.idempotencyKey).toBe(whole.host.calls[0]!.idempotencyKey);
  });

  it("that has ended returns its outcome and appends nothing", async () => {
    const whole = await play(graph, table, script);
    const again = await play(graph, table, script, { past: whole.events });
    expect(again.outcome).toEqual(whole.outcome);
    expect(again.host.events).toEqual([]);
  });
});

describe("waiting for people", () => {
  const graph = graphOf(
    {
      ask: "input",
      one: ["approval", { question: "One?" }],
      two: ["approval", { question: "Two?" }],
      both: ["prompt", { template: "{{a}}{{b}}" }],
      no: ["prompt", { template: "no {{x}}" }],
      reply: "output",
    },
    [
      "ask.message one.value",
      "ask.message two.value",
      "one.approved both.a",
      "two.approved both.b",
      "one.rejected no.x",
      "both.text reply.reply",
      "no.text reply.reply",
    ],
  );

  it("parks without other work, and continues with the decisions", async () => {
    const parked = await play(graph, nodes);
    expect(parked.outcome.status).toBe("waiting");
    expect(parked.outcome.waits!.map(({ question }) => question)).toEqual(["One?", "Two?"]);
    const [one, two] = parked.outcome.waits!;
    const half = await play(
      graph,
      nodes,
      {},
      { past: parked.events, decisions: [{ wait: one!.wait, choice: "approve" }] },
    );
    expect(half.outcome).toMatchObject({ status: "waiting", waits: [{ wait: two!.wait }] });
    const done = await play(
      graph,
      nodes,
      {},
      { past: half.events, decisions: [{ wait: two!.wait, choice: "approve", value: "!" }] },
    );
    expect(done.outcome).toEqual({ status: "done", output: { reply: "hello!" } });
    expect(done.of("run-wait").length).toBe(2);
    expectSound(done.events);
  });

  it("accepts a decision while another branch runs, without parking", async () => {
    const { graph, table, tools, work } = approvalBesideTool();
    let answered = false;
    const played = await play(
      graph,
      table,
      {
        tools,
        onAppend: (event) => {
          if (event.type === "run-wait") queueMicrotask(() => answer(event.waits[0]!.wait));
        },
      },
      {
        live: (execution) => {
          answerWith = async (wait) => {
            await execution.decide([{ wait, choice: "approve" }]);
            answered = true;
            work.resolve(" and slow");
          };
        },
      },
    );
    expect(answered).toBe(true);
    expect(played.outcome).toEqual({ status: "done", output: { reply: "hello and slow" } });
  });
  let answerWith: (wait: string) => Promise<void>;
  const answer = (wait: string) => void answerWith(wait);
});

describe("a decision while the run is being parked", () => {
  const graph = graphOf({ ask: "input", ok: ["approval", {}], reply: "output" }, [
    "ask.message ok.value",
    "ok.approved reply.reply",
  ]);

  it("is refused by the old process and writes nothing, so the run is resumed with it", async () => {
    const taken = Promise.withResolvers<boolean>();
    let execution: Execution;
    const parked = await play(
      graph,
      nodes,
      {
        onAppend: (event) => {
          // The wait is on its way to the disk; by the time it is there, nothing else is left to do.
          if (event.type === "run-wait")
            setImmediate(() => {
              taken.resolve(execution.decide([{ wait: event.waits[0]!.wait, choice: "approve" }]));
            });
        },
      },
      {
        live: (live) => {
          execution = live;
        },
      },
    );
    expect(parked.outcome.status).toBe("waiting");
    expect(await taken.promise).toBe(false);
    expect(parked.host.events.some((event) => event.type === "run-resume")).toBe(false);
    const { wait } = parked.outcome.waits![0]!;
    const resumed = await play(graph, nodes, {}, { past: parked.events, decisions: [{ wait, choice: "approve" }] });
    expect(resumed.outcome.status).toBe("done");
  });

  it("is stored before the run ends when it came in time", async () => {
    const { graph, table, tools, work } = approvalBesideTool();
    let execution: Execution;
    const host = scriptedHost({ tools });
    const append = host.append.bind(host);
    host.append = async (event) => {
      await append(event);
      if (event.type === "run-wait")
        queueMicrotask(() => void execution.decide([{ wait: event.waits[0]!.wait, choice: "approve" }]));
      // While the answer is written, the other branch ends: nothing but the answer keeps the run from being parked.
      if (event.type === "run-resume") {
        work.resolve("!");
        // All that follows from it is done before the next macrotask.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const { outcome } = await play(
      graph,
      table,
      {},
      {
        host,
        live: (live) => {
          execution = live;
        },
      },
    );
    expect(outcome).toEqual({ status: "done", output: { reply: "hello!" } });
  });
});

describe("a part of a graph", () => {
  const graph = graphOf(
    { ask: "input", a: ["prompt", { template: "a{{x}}" }], b: ["prompt", { template: "b{{x}}" }], reply: "output" },
    ["ask.message a.x", "a.text b.x", "b.text reply.reply"],
  );
  it("runs to a node, from a node, and only one", async () => {
    const to = await play(graph, nodes, {}, { start: { range: { to: "a" } } });
    expect(to.outcome.output).toEqual({ reply: { text: "ahello" } });
    expect(to.lines().some((line) => line.includes(" b"))).toBe(false);
    const pins = { a: { text: "pinned" } };
    const from = await play(graph, nodes, {}, { start: { range: { from: "b" }, pins } });
    expect(from.outcome.output).toEqual({ reply: "bpinned" });
    expect(from.lines()).not.toContain("node-start ask");
    const only = await play(graph, nodes, {}, { start: { range: { only: "b" }, pins } });
    expect(only.outcome.output).toEqual({ reply: { text: "bpinned" } });
  });
});

describe("the scripted host", () => {
  it("plays its script and records all requests", async () => {
    const host = scriptedHost({ answers: ["hi"] });
    const got = [];
    for await (const event of host.chat(
      { model: "scripted/model", messages: [{ role: "user", content: "x" }] },
      new AbortController().signal,
    ))
      got.push(event.type);
    expect(got).toEqual(["text-delta", "end"]);
    expect(host.requests).toHaveLength(1);
  });
});

describe("a tool that calls a model", () => {
  it("counts against the run's tokens, apart from the node's own messages", async () => {
    const tools = [echo("model/translate")];
    const { graph, table } = actions(
      [
        { ask: "input", act: ["action", { tool: "model/translate" }], reply: "output" },
        ["ask.message act.text", "act.result reply.reply"],
      ],
      tools,
    );
    const usage = { model: "scripted/model", inputTokens: 70, outputTokens: 7 };
    const script = { tools: [{ ...tools[0]!, call: () => ({ content: "done", usage }) }] };
    const played = await play(graph, table, script);
    expect(foldRun(played.events).usage).toMatchObject({ inputTokens: 70, outputTokens: 7 });
    expect(played.of("tool-end")[0]!.result).toEqual({ content: "done" });
    expect((await play(graph, table, script, { limits: { tokens: 76 } })).outcome).toMatchObject({
      status: "failed",
      error: { code: "token_limit" },
    });
  });
});
