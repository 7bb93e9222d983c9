/** A run as seen: a pure fold over its events. Trace, cost, answer, state of each node, conversation: all come from here. */
import type { ErrorData } from "./error.ts";
import {
  type EventOf,
  type Grounding,
  type RunEvent,
  type RunOutput,
  type RunUsage,
  type Scope,
  scopeKey,
  type Wait,
  type WaitDecision,
} from "./event.ts";
import type { Message } from "./message.ts";
import { addUsage, emptyUsage } from "./usage.ts";

export type RunStatus = "queued" | "running" | "waiting" | "uncertain" | "done" | "failed" | "cancelled";

export interface NodeView {
  node: string;
  scope?: Scope;
  status: "running" | "waiting" | "done" | "failed" | "skipped";
  startedAt: number;
  endedAt?: number;
  /** Since when it waits for a person, while it does; and how long it did before. */
  waitsSince?: number;
  waitedMs?: number;
  attempts: number;
  outputs?: Record<string, unknown>;
  pinned?: boolean;
  error?: ErrorData;
  grounding?: Grounding;
  /** In the order in which they happened. */
  retrievals: EventOf<"retrieval">[];
  prompts: EventOf<"prompt-built">[];
  messages: EventOf<"message">[];
  tools: ToolView[];
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
}

export interface ToolView {
  call: string;
  start: EventOf<"tool-start">;
  end?: EventOf<"tool-end">;
}

export interface RunView {
  id: string;
  status: RunStatus;
  start?: EventOf<"run-start">;
  startedAt: number;
  endedAt?: number;
  output?: RunOutput;
  error?: ErrorData;
  /** The node whose failure ended the run. */
  failedNode?: string;
  /** Waits that nobody has answered, oldest first. */
  waits: Wait[];
  decisions: WaitDecision[];
  usage: RunUsage;
  /** By `nodeKey(scope, node)`, in order of start. A node's view is replaced, never changed, so it can be compared by reference. */
  nodes: Map<string, NodeView>;
  /** `seq` of the last event; -1 before the first. */
  seq: number;
}

export function nodeKey(scope: Scope | undefined, node: string): string {
  return scope?.length ? `${scopeKey(scope)}|${node}` : node;
}

export function emptyRun(id: string): RunView {
  return {
    id,
    status: "queued",
    startedAt: 0,
    waits: [],
    decisions: [],
    usage: emptyUsage(),
    nodes: new Map(),
    seq: -1,
  };
}

/** Folds a whole log. */
export function foldRun(events: Iterable<RunEvent>): RunView {
  let view: RunView | undefined;
  for (const event of events) {
    view ??= emptyRun(event.run);
    applyEvent(view, event);
  }
  return view ?? emptyRun("");
}

/** Takes one more event into `view`, which is changed. An event that it has already seen is ignored. */
export function applyEvent(view: RunView, event: RunEvent): void {
  if (event.seq <= view.seq) return;
  view.seq = event.seq;
  addUsage(view.usage, event);
  switch (event.type) {
    case "run-start":
      view.start = event;
      view.startedAt = event.at;
      view.status = "running";
      return;
    case "run-wait":
      view.waits = [...view.waits, ...event.waits];
      view.status = waitStatus(view.waits);
      for (const wait of event.waits)
        updateNode(view, wait.scope, wait.node, event.at, (node) => ({
          status: "waiting",
          waitsSince: node.waitsSince ?? event.at,
        }));
      return;
    case "run-resume": {
      const answers = event.answers ?? [];
      const answered = new Set(answers.map((answer) => answer.wait));
      const over = view.waits.filter((wait) => answered.has(wait.wait));
      view.waits = view.waits.filter((wait) => !answered.has(wait.wait));
      for (const wait of over)
        if (!view.waits.some((open) => sameNode(open, wait)))
          updateNode(view, wait.scope, wait.node, event.at, (node) => ({
            status: "running",
            ...waited(node, event.at),
          }));
      view.decisions = [...view.decisions, ...answers];
      view.status = view.waits.length > 0 ? waitStatus(view.waits) : "running";
      return;
    }
    case "run-end":
      view.output = event.output;
      endRun(view, event.at, "done");
      return;
    case "run-fail":
      view.error = event.error;
      if (event.node !== undefined) view.failedNode = event.node;
      endRun(view, event.at, "failed");
      return;
    case "run-cancel":
      endRun(view, event.at, "cancelled");
      return;
    case "node-start":
      updateNode(view, event.scope, event.node, event.at, {
        status: "running",
        attempts: event.attempt ?? 1,
        error: undefined,
      });
      return;
    case "node-end":
      updateNode(view, event.scope, event.node, event.at, {
        status: "done",
        endedAt: event.at,
        outputs: event.outputs,
        ...(event.pinned ? { pinned: true } : {}),
        ...(event.grounding ? { grounding: event.grounding } : {}),
      });
      return;
    case "node-skip":
      updateNode(view, event.scope, event.node, event.at, { status: "skipped", endedAt: event.at });
      return;
    case "node-fail":
      updateNode(view, event.scope, event.node, event.at, {
        error: event.error,
        ...(event.next === "retry" ? {} : { status: "failed", endedAt: event.at }),
      });
      return;
    case "retrieval":
      updateNode(view, event.scope, event.node, event.at, (node) => ({ retrievals: [...node.retrievals, event] }));
      return;
    case "prompt-built":
      updateNode(view, event.scope, event.node, event.at, (node) => ({ prompts: [...node.prompts, event] }));
      return;
    case "message":
      updateNode(view, event.scope, event.node, event.at, (node) => ({ messages: [...node.messages, event] }));
      return;
    case "usage":
      updateNode(view, event.scope, event.node, event.at, (node) => ({
        inputTokens: node.inputTokens + event.inputTokens,
        outputTokens: node.outputTokens + event.outputTokens,
        ...(event.costUsd === undefined ? {} : { costUsd: (node.costUsd ?? 0) + event.costUsd }),
      }));
      return;
    case "tool-start":
      updateNode(view, event.scope, event.node, event.at, (node) => ({
        tools: [...node.tools.filter((tool) => tool.call !== event.call.id), { call: event.call.id, start: event }],
      }));
      return;
    case "tool-end":
      updateNode(view, event.scope, event.node, event.at, (node) => ({
        tools: node.tools.map((tool) => (tool.call === event.call ? { ...tool, end: event } : tool)),
      }));
      return;
    default:
      event satisfies never;
  }
}

/**
 * The turn that a run adds to its session's conversation: the user's message, then what the nodes that made the answer
 * said and did (tool calls with their results), or the reply alone where no model was wired to it. Empty until the run is done.
 */
export function turnMessages(
  events: readonly RunEvent[],
  answering: (node: string) => boolean = () => true,
): Message[] {
  const start = events.find((event) => event.type === "run-start");
  const end = events.find((event) => event.type === "run-end");
  if (!start || !end) return [];
  const { message, files } = start.input;
  const user: Message = {
    role: "user",
    content: files?.length
      ? [{ type: "text", text: message }, ...files.map((file) => ({ type: "file" as const, file }))]
      : message,
  };
  const said: Message[] = [];
  const calls = new Map<string, string>();
  for (const event of events) {
    if (event.type === "message" && !event.scope?.length && answering(event.node)) {
      said.push(event.message);
      for (const call of event.message.calls ?? []) calls.set(`${event.node} ${call.id}`, call.name);
    } else if (event.type === "tool-end" && !event.scope?.length) {
      const name = calls.get(`${event.node} ${event.call}`);
      if (name !== undefined)
        said.push({
          role: "tool",
          call: event.call,
          name,
          content: event.result.content,
          ...(event.result.error ? { error: true } : {}),
          ...(event.result.files?.length ? { files: event.result.files } : {}),
        });
    }
  }
  const reply = typeof end.output.reply === "string" ? end.output.reply : JSON.stringify(end.output.reply);
  const last = said.findLast((one) => one.role === "assistant");
  // A text that another followed (a broken answer that was sent back, an earlier node's) was never read by anybody.
  const kept = said.filter((one) => one.role !== "assistant" || one.calls?.length || one === last);
  // What the person read is the reply; a model's raw text that differs (markers taken out, repaired) gives way to it.
  if (last?.role !== "assistant" || last.calls?.length)
    return [user, ...orderCalls(kept), { role: "assistant", content: reply }];
  return [user, ...orderCalls(kept).map((one) => (one === last ? { ...last, content: reply } : one))];
}

/** Tool results in the order of their calls, right behind them; a call without a result is answered as unknown. */
function orderCalls(messages: Message[]): Message[] {
  const results = new Map(messages.filter((one) => one.role === "tool").map((one) => [one.call, one]));
  return messages
    .filter((one) => one.role !== "tool")
    .flatMap((one) =>
      one.role === "assistant" && one.calls
        ? [
            one,
            ...one.calls.map(
              (call): Message =>
                results.get(call.id) ?? {
                  role: "tool",
                  call: call.id,
                  name: call.name,
                  content: "This call was not made.",
                  error: true,
                },
            ),
          ]
        : [one],
    );
}

function updateNode(
  view: RunView,
  scope: Scope | undefined,
  node: string,
  at: number,
  part: Partial<NodeView> | ((node: NodeView) => Partial<NodeView>),
): void {
  const key = nodeKey(scope, node);
  const old: NodeView = view.nodes.get(key) ?? {
    node,
    ...(scope?.length ? { scope } : {}),
    status: "running",
    startedAt: at,
    attempts: 1,
    retrievals: [],
    prompts: [],
    messages: [],
    tools: [],
    inputTokens: 0,
    outputTokens: 0,
  };
  view.nodes.set(key, { ...old, ...(typeof part === "function" ? part(old) : part) });
}

function endRun(view: RunView, at: number, status: RunStatus): void {
  view.status = status;
  view.endedAt = at;
  view.waits = [];
  for (const [key, node] of view.nodes)
    if (node.status === "running" || node.status === "waiting")
      view.nodes.set(key, { ...node, status: "failed", endedAt: at, ...waited(node, at) });
}

const sameNode = (a: Wait, b: Wait): boolean => a.node === b.node && scopeKey(a.scope) === scopeKey(b.scope);

/** A wait that was open until now is added to those before. */
function waited(node: NodeView, at: number): Pick<NodeView, "waitsSince" | "waitedMs"> {
  if (node.waitsSince === undefined) return {};
  return { waitsSince: undefined, waitedMs: (node.waitedMs ?? 0) + at - node.waitsSince };
}

/** How long a node worked, once it has ended: a person's time to answer does not count. */
export const workedMs = (node: NodeView): number | undefined =>
  node.endedAt === undefined ? undefined : node.endedAt - node.startedAt - (node.waitedMs ?? 0);

function waitStatus(waits: Wait[]): RunStatus {
  return waits.some((wait) => wait.kind === "uncertain") ? "uncertain" : "waiting";
}
