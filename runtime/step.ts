/** The implementation of `Step`. Each method reads the log before it does anything. */
import type { Spending } from "./budget.ts";
import { callTool } from "./call-tool.ts";
import { asCompiled, type CompiledGraph, compile } from "./compile.ts";
import { PatchbayError } from "./error.ts";
import type {
  Delta,
  EventBody,
  EventOf,
  EventType,
  Grounding,
  RunEvent,
  RunInput,
  ScopePart,
  WaitDecision,
  WaitRequest,
} from "./event.ts";
import type { Graph, RunnableGraph } from "./graph.ts";
import type { Host } from "./host.ts";
import { findLastEvent } from "./journal.ts";
import type { RunFacts, Step, StepEvent, Values } from "./node.ts";
import type { Port } from "./port.ts";
import type { CompiledNode } from "./resolve.ts";
import type { Frame } from "./run-context.ts";
import type { ToolResult } from "./tool.ts";
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
  /** The events that this node appended in this process, for retries. */
  readonly #own: RunEvent[] = [];
  readonly #clocks = new Set<WorkClock>();
  #offsets = { text: 0, reasoning: 0, progress: 0 };

  constructor(frame: Frame, node: CompiledNode, inputs: Values, past: readonly RunEvent[]) {
    this.node = node.id;
    this.title = node.title;
    this.config = node.config;
    this.inputs = inputs;
    this.feedsReply = frame.feedsReply && node.feedsReply;
    this.host = frame.context.host;
    this.run = frame.facts;
    this.signal = frame.controller.signal;
    this.#frame = frame;
    this.#compiled = node;
    this.#past = past;
  }

  get scope() {
    return this.#frame.scope;
  }

  get ports(): { inputs: Port[]; outputs: Port[] } {
    return this.#compiled;
  }

  isConnected(output: string): boolean {
    return this.#compiled.outgoing.some((edge) => edge.fromPort === output);
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
    if (body.type === "message") this.#offsets = { text: 0, reasoning: 0, progress: 0 };
    return this.#frame.context.append(event);
  }

  delta(kind: Delta["kind"], text: string, answer = this.feedsReply && kind === "text"): void {
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

  recallText(): void {
    this.#offsets.text = 0;
  }

  setGrounding(grounding: Grounding): void {
    this.grounding = grounding;
  }

  spend(what: Spending): void {
    this.#frame.context.budget.spend(what);
  }

  async wait(key: string, request: WaitRequest, signal = this.signal): Promise<WaitDecision> {
    const { context, scope } = this.#frame;
    const wait = await context.openWait(scope, this.node, key, request);
    const known = context.journal.decision(wait.wait);
    if (known) return known;
    this.#onWait(1);
    try {
      return await context.pendingWork.wait<WaitDecision>(wait.wait, signal);
    } finally {
      this.#onWait(-1);
    }
  }

  limit(ms: number, timeoutError: () => Error): { signal: AbortSignal; end(): void } {
    const over = new AbortController();
    const clock = new WorkClock(this.host, ms, () => over.abort(timeoutError()));
    this.#clocks.add(clock);
    return {
      signal: AbortSignal.any([this.signal, over.signal]),
      end: () => {
        this.#clocks.delete(clock);
        clock.end();
      },
    };
  }

  /** A wait of this node, or of a node inside it, began or ended. Stops or continues its clocks and those of nodes around it. */
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
    graph: RunnableGraph,
    part: Omit<ScopePart, "node">,
    input: Values,
    options: { feedsReply?: boolean; signal?: AbortSignal } = {},
  ): Promise<Values> {
    const { context, scope, facts } = this.#frame;
    const parent = options.signal ?? this.signal;
    parent.throwIfAborted();
    if (scope.length >= context.budget.limits.nesting)
      throw new PatchbayError(
        "nesting_limit",
        `${this.title} is nested more than ${context.budget.limits.nesting} deep. Check for an agent that calls itself.`,
      );
    const controller = new AbortController();
    const onAbort = () => controller.abort(parent.reason);
    parent.addEventListener("abort", onAbort, { once: true });
    const feedsReply = this.feedsReply && options.feedsReply === true;
    // A body that feeds the reply continues the conversation.
    const { history } = feedsReply ? facts.input : {};
    try {
      return await context.runFrame({
        context,
        graph: asCompiled(graph),
        scope: [...scope, { node: this.node, ...part }],
        facts: {
          id: facts.id,
          input: { message: "", ...(history && { history }), ...input } as RunInput,
          settings: graph.graph.settings,
          ...(feedsReply && facts.session !== undefined ? { session: facts.session } : {}),
          ...(facts.user === undefined ? {} : { user: facts.user }),
        },
        feedsReply,
        controller,
        onWait: this.#onWait,
      });
    } finally {
      parent.removeEventListener("abort", onAbort);
    }
  }

  callTool(...[call, tool, options = {}]: Parameters<Step["callTool"]>): Promise<ToolResult> {
    const isIntent = (event: RunEvent) => event.type === "tool-start" && event.call.id === call.id;
    const intents = this.#past.filter(isIntent).length + this.#own.filter(isIntent).length;
    return callTool(this, call, tool, options, intents);
  }
}
