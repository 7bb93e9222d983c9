/** What a node's `run` is given: the verbs of `Step`, journalled. */

import { argumentsHash } from "./arguments-hash.ts";
import { withArtifacts } from "./artifact.ts";
import type { Spending } from "./budget.ts";
import { type CompiledGraph, compile } from "./compile.ts";
import { PatchbayError } from "./error.ts";
import {
  type EventBody,
  type EventOf,
  type EventType,
  type Grounding,
  type RunEvent,
  type RunInput,
  type ScopePart,
  scopeKey,
  type Wait,
  type WaitDecision,
} from "./event.ts";
import type { Frame } from "./frame.ts";
import type { Graph } from "./graph.ts";
import type { Host } from "./host.ts";
import { findLastEvent } from "./journal.ts";
import type { RunFacts, Step, StepEvent, Values } from "./node.ts";
import { Parked } from "./pending-work.ts";
import type { Port } from "./port.ts";
import type { CompiledNode } from "./resolve.ts";
import type { ToolResult, ToolSpec } from "./tool.ts";
import { WorkClock } from "./work-clock.ts";

/** Inline bodies by their graph object, which lives as long as the compiled config that holds it. */
const bodies = new WeakMap<Graph, CompiledGraph>();

export class NodeStep implements Step {
  readonly node: string;
  readonly title: string;
  readonly config: unknown;
  readonly inputs: Values;
  readonly feedsReply: boolean;
  readonly host: Host;
  readonly run: RunFacts;
  readonly signal: AbortSignal;
  attempt = 1;
  grounding: Grounding | undefined;
  readonly #frame: Frame;
  readonly #compiled: CompiledNode;
  readonly #past: readonly RunEvent[];
  /** What this node appended in this process: a retry finds it as it would find the log after a restart. */
  readonly #own: RunEvent[] = [];
  readonly #clocks = new Set<WorkClock>();
  #offsets = { text: 0, reasoning: 0 };

  constructor(level: Frame, node: CompiledNode, inputs: Values, past: readonly RunEvent[]) {
    this.node = node.id;
    this.title = node.title;
    this.config = node.config;
    this.inputs = inputs;
    this.feedsReply = level.feedsReply && node.feedsReply;
    this.host = level.context.host;
    this.run = level.facts;
    this.signal = level.controller.signal;
    this.#frame = level;
    this.#compiled = node;
    this.#past = past;
  }

  get scope() {
    return this.#frame.scope;
  }

  get ports(): { inputs: Port[]; outputs: Port[] } {
    return this.#compiled;
  }

  past<T extends EventType>(type: T, match?: (event: EventOf<T>) => boolean): EventOf<T> | undefined {
    return findLastEvent(this.#own, type, match) ?? findLastEvent(this.#past, type, match);
  }

  emit(body: StepEvent, { aborting = false } = {}): Promise<void> {
    if (!aborting) this.signal.throwIfAborted();
    const { scope } = this.#frame;
    const event = (scope.length ? { ...body, node: this.node, scope } : { ...body, node: this.node }) as EventBody;
    this.#own.push(event as RunEvent);
    // Offsets count within one message.
    if (body.type === "message") this.#offsets = { text: 0, reasoning: 0 };
    return this.#frame.context.append(event);
  }

  delta(kind: "text" | "reasoning", text: string, answer = this.feedsReply && kind === "text"): void {
    if (text === "" || this.signal.aborted) return;
    const { scope } = this.#frame;
    this.host.delta({
      type: "delta",
      run: this.run.id,
      node: this.node,
      ...(scope.length ? { scope } : {}),
      kind,
      offset: this.#offsets[kind],
      text,
      answer,
    });
    this.#offsets[kind] += text.length;
  }

  setGrounding(rests: Grounding): void {
    this.grounding = rests;
  }

  spend(what: Spending): void {
    this.#frame.context.budget.spend(what);
  }

  async wait(
    key: string,
    request: Omit<Wait, "wait" | "node" | "scope" | "key">,
    signal = this.signal,
  ): Promise<WaitDecision> {
    const { context: running, scope } = this.#frame;
    const wait = await running.announce(scope, this.node, key, request);
    const known = running.journal.decision(wait.wait);
    if (known) return known;
    this.#onWait(1);
    try {
      return await running.pendingWork.wait<WaitDecision>(wait.wait, signal);
    } finally {
      this.#onWait(-1);
    }
  }

  limit(ms: number, late: () => Error): { signal: AbortSignal; end(): void } {
    const over = new AbortController();
    const clock = new WorkClock(this.host, ms, () => over.abort(late()));
    this.#clocks.add(clock);
    return {
      signal: AbortSignal.any([this.signal, over.signal]),
      end: () => {
        this.#clocks.delete(clock);
        clock.end();
      },
    };
  }

  /** A wait of this node, or of one inside of it, began or ended: it is one of every node around, too. */
  readonly #onWait = (change: 1 | -1): void => {
    for (const clock of this.#clocks) clock.countWait(change);
    this.#frame.onWait?.(change);
  };

  all<T>(tasks: ((signal: AbortSignal) => Promise<T>)[], limit = tasks.length): Promise<T[]> {
    return this.#frame.context.pendingWork.all(tasks, limit, this.signal);
  }

  compile(graph: Graph): CompiledGraph {
    let compiled = bodies.get(graph);
    if (!compiled) {
      compiled = compile(graph, this.#frame.context.nodes);
      bodies.set(graph, compiled);
    }
    return compiled;
  }

  async runBody(
    graph: CompiledGraph,
    part: Omit<ScopePart, "node">,
    input: Values,
    options: { answers?: boolean; signal?: AbortSignal } = {},
  ): Promise<Values> {
    const { context: running, scope, facts } = this.#frame;
    const parent = options.signal ?? this.signal;
    parent.throwIfAborted();
    if (scope.length >= running.budget.limits.nesting)
      throw new PatchbayError(
        "nesting_limit",
        `${this.title} would be nested more than ${running.budget.limits.nesting} deep. An agent that calls itself, perhaps?`,
      );
    const controller = new AbortController();
    const onAbort = () => controller.abort(parent.reason);
    parent.addEventListener("abort", onAbort, { once: true });
    const answers = this.feedsReply && options.answers === true;
    // What answers for the run goes on with its conversation.
    const { history } = answers ? facts.input : {};
    try {
      return await running.runFrame({
        context: running,
        graph,
        scope: [...scope, { node: this.node, ...part }],
        facts: {
          id: facts.id,
          input: { message: "", ...(history && { history }), ...input } as RunInput,
          settings: graph.graph.settings,
          ...(answers && facts.session !== undefined ? { session: facts.session } : {}),
          ...(facts.user === undefined ? {} : { user: facts.user }),
        },
        feedsReply: answers,
        controller,
        onWait: this.#onWait,
      });
    } finally {
      parent.removeEventListener("abort", onAbort);
    }
  }

  async callTool(
    call: { id: string; name: string; arguments: unknown },
    tool: ToolSpec,
    options: {
      step?: number;
      attempt?: number;
      signal?: AbortSignal;
      shape?: (result: ToolResult) => Promise<ToolResult>;
    } = {},
  ): Promise<ToolResult> {
    const signal = options.signal ?? this.signal;
    const at = options.step === undefined ? {} : { step: options.step };
    const done = this.past("tool-end", (event) => event.call === call.id);
    if (done) return done.result;

    const argsHash = argumentsHash(call.arguments);
    const idempotencyKey = [this.run.id, scopeKey(this.scope), this.node, call.id].filter(Boolean).join(":");
    let intents = [...this.#past, ...this.#own].filter(
      (event) => event.type === "tool-start" && event.call.id === call.id,
    ).length;
    let unknown = intents > 0;
    // An agent's own events say how far it came, so a call of it goes on where it stood.
    const resumable = tool.name.startsWith("agent/");
    for (;;) {
      if (unknown && !tool.repeatable && !resumable) {
        const answer = await this.wait(
          `uncertain:${call.id}:${intents}`,
          {
            kind: "uncertain",
            question: `It is not known whether ${tool.name} did its work. Call it again?`,
            call: { id: call.id, tool: tool.name, arguments: call.arguments },
            argsHash,
          },
          signal,
        );
        if (answer.choice === "fail" || answer.choice === "reject")
          throw new PatchbayError(
            "tool_failed",
            `The outcome of ${tool.name} is not known, and a person chose to stop here.`,
          );
        if (answer.choice === "skip" || answer.choice === "approve") {
          const result: ToolResult = {
            content: "It is not known whether this call did its work. It was not repeated.",
            error: true,
          };
          await this.emit({ type: "tool-end", ...at, call: call.id, tool: tool.name, result, ms: 0 });
          return result;
        }
      }
      signal.throwIfAborted();
      if (!(resumable && unknown))
        await this.emit({
          type: "tool-start",
          ...at,
          call,
          tool: tool.name,
          argsHash,
          idempotencyKey,
          ...(intents > 0 ? { attempt: intents + 1 } : {}),
        });
      intents++;
      const startedAt = this.host.now();
      try {
        const given = resumable
          ? await this.#callAgent(tool, call, signal)
          : await this.#callHost(tool, call, idempotencyKey, signal);
        const { usage, ...shaped } = options.shape ? await options.shape(given) : given;
        const result: ToolResult = shaped;
        // A failed write aborts the run by itself.
        if (usage) this.emit({ type: "usage", step: options.step ?? 0, call: call.id, ...usage }).catch(() => {});
        await this.emit({
          type: "tool-end",
          ...at,
          call: call.id,
          tool: tool.name,
          result,
          ms: this.host.now() - startedAt,
        });
        if (usage) this.spend(usage);
        return result;
      } catch (thrown) {
        if (thrown instanceof Parked || signal.aborted) throw thrown;
        if (!(thrown instanceof PatchbayError) || thrown.code !== "connection_lost") throw thrown;
        if (tool.repeatable && intents >= 3) {
          const result: ToolResult = { content: thrown.message, error: true };
          await this.emit({
            type: "tool-end",
            ...at,
            call: call.id,
            tool: tool.name,
            result,
            ms: this.host.now() - startedAt,
            error: thrown.toData(),
          });
          return result;
        }
        unknown = true;
      }
    }
  }

  async #callHost(
    tool: ToolSpec,
    call: { id: string; arguments: unknown },
    idempotencyKey: string,
    signal: AbortSignal,
  ): Promise<ToolResult> {
    let given: unknown;
    try {
      given = await withArtifacts(call.arguments, this.host.artifact);
    } catch (thrown) {
      if (thrown instanceof PatchbayError && thrown.code === "not_found")
        return { content: thrown.message, error: true };
      throw thrown;
    }
    return this.host.callTool({ id: call.id, tool: tool.name, arguments: given }, { idempotencyKey }, signal);
  }

  async #callAgent(tool: ToolSpec, call: { id: string; arguments: unknown }, signal: AbortSignal): Promise<ToolResult> {
    try {
      const graph = await this.host.graph(tool.name.slice("agent/".length));
      const values = await this.runBody(graph, { call: call.id }, (call.arguments ?? {}) as Values, { signal });
      const reply = values.reply ?? "";
      return typeof reply === "string" ? { content: reply } : { content: JSON.stringify(reply), value: reply };
    } catch (thrown) {
      if (thrown instanceof Parked || signal.aborted) throw thrown;
      if (thrown instanceof PatchbayError && thrown.code !== "internal")
        return { content: thrown.message, error: true };
      throw thrown;
    }
  }
}
