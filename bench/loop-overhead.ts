/**
 * Cost of the tool loop per step: selecting tools, building and counting the prompt, parsing the completion, events. The
 * host responds immediately, so all time is spent in the runtime. Conversations of 10, 100 and 1,000 messages.
 */

import { nodes } from "../nodes/index.ts";
import { compile } from "../runtime/compile.ts";
import { execute } from "../runtime/execute.ts";
import type { Host } from "../runtime/host.ts";
import type { Message } from "../runtime/message.ts";
import { type ActionFormat, type ModelEvent, ModelProfile } from "../runtime/model.ts";
import { graphOf } from "../runtime/testing/play.ts";
import { scriptedHost } from "../runtime/testing/scripted-host.ts";
import type { ToolSpec } from "../runtime/tool.ts";
import { percentile, round } from "./numbers.ts";

const tools: ToolSpec[] = Array.from({ length: 8 }, (_, n) => ({
  name: `builtin/tool${n}`,
  summary: `Looks something up in source ${n}, and says what it found there.`,
  parameters: {
    type: "object",
    properties: { query: { type: "string", description: "What to look for" }, limit: { type: "integer" } },
    required: ["query"],
  },
  effect: "read",
}));

const profile = ModelProfile.parse({ contextTokens: 1_000_000 });

/** A host that keeps nothing, with a model that calls a tool in each step but the last. */
function idleHost(format: ActionFormat, history: Message[], steps: number): Host {
  let asked = 0;
  const ownProfile = { ...profile, nativeTools: format === "native", format };
  return {
    ...scriptedHost(),
    append: () => Promise.resolve(),
    delta: () => {},
    listening: () => false,
    model: () => Promise.resolve({ name: "idle/model", profile: ownProfile }),
    tools: () => Promise.resolve(tools),
    history: () => Promise.resolve(history),
    callTool: () => Promise.resolve({ content: "Found nothing of note, but it took a line to say so." }),
    async *chat(): AsyncGenerator<ModelEvent> {
      const step = asked++ % steps;
      if (step === steps - 1)
        yield {
          type: "text-delta",
          text: format === "react" ? "Final Answer: Here is what I found." : "Here is what I found.",
        };
      else if (format === "native")
        yield { type: "tool-call", call: { id: `c${asked}`, name: "tool1", arguments: { query: `thing ${step}` } } };
      else if (format === "react")
        yield { type: "text-delta", text: `Action: tool1\nAction Input: {"query": "thing ${step}"}` };
      else if (format === "hermes")
        yield {
          type: "text-delta",
          text: `<tool_call>\n{"name": "tool1", "arguments": {"query": "thing ${step}"}}\n</tool_call>`,
        };
      else
        yield {
          type: "text-delta",
          text: `<|startofthink|>{"api_name": "tool1", "parameters": {"query": "thing ${step}"}}<|endofthink|>`,
        };
      yield { type: "end", reason: "stop", usage: { inputTokens: 10, outputTokens: 5 } };
    },
  };
}

function conversation(messages: number): Message[] {
  return Array.from(
    { length: messages },
    (_, n): Message =>
      n % 2 === 0
        ? {
            role: "user",
            content: `Question ${n}: what is known of the matter, and where is it written down? 请说明出处。`,
          }
        : {
            role: "assistant",
            content: `Answer ${n}: ${"it is written in the handbook, on the page about leave. ".repeat(4)}`,
          },
  );
}

const withTools = compile(
  graphOf({ ask: "input", kit: ["tool", { tools: ["builtin/x"] }], brain: "llm", reply: "output" }, [
    "ask.message brain.message",
    "kit.tools brain.tools",
    "brain.text reply.reply",
  ]),
  nodes,
);
const alone = compile(
  graphOf({ ask: "input", brain: "llm", reply: "output" }, ["ask.message brain.message", "brain.text reply.reply"]),
  nodes,
);

async function measure(
  graph: typeof alone,
  format: ActionFormat,
  messages: number,
  steps: number,
  runs: number,
): Promise<number> {
  const history = conversation(messages);
  const once = async (fresh: boolean) => {
    // A store returns new objects for each run, so nothing is cached by identity.
    const host = idleHost(format, fresh ? (JSON.parse(JSON.stringify(history)) as Message[]) : history, steps);
    const startedAt = performance.now();
    const { outcome } = await execute({
      run: "r",
      graph,
      nodes,
      host,
      signal: new AbortController().signal,
      start: { agent: { name: "a", graph: "g" }, input: { message: "What is new?" }, session: "s" },
    }).outcome.then((end) => ({ outcome: end }));
    const ms = performance.now() - startedAt;
    if (outcome.status !== "done") throw new Error(JSON.stringify(outcome));
    return ms;
  };
  for (let i = 0; i < Math.min(runs, 50); i++) await once(true);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await once(true));
  return percentile(times, 0.5) / steps;
}

export async function run({ full = false }: { full?: boolean } = {}) {
  const runs = full ? 1000 : 200;
  const rows: Record<string, number | string>[] = [];
  for (const format of ["native", "hermes", "react", "modelscope"] as const)
    for (const messages of [10, 100, 1000]) {
      const perStepMs = await measure(withTools, format, messages, 6, messages === 1000 ? Math.ceil(runs / 4) : runs);
      rows.push({ format, messages, perStepMs: round(perStepMs, 3) });
    }
  const oneCallMs = round(await measure(alone, "native", 0, 1, runs * 5), 3);
  console.table(rows);
  console.log(`one run of one llm node, no tools, no history: ${oneCallMs} ms in all of the runtime`);
  return { rows, oneCallMs };
}
