/** The definition of a node type (one value in one file under `nodes/`), and the step that its `run` receives. */
import type { z } from "zod";
import type {
  BodyOf,
  Delta,
  EventOf,
  EventType,
  Grounding,
  RunInput,
  RunUsage,
  Scope,
  ScopePart,
  WaitDecision,
  WaitRequest,
} from "./event.ts";
import type { Field } from "./field.ts";
import type { Graph, RunnableGraph, Settings } from "./graph.ts";
import type { Host } from "./host.ts";
import type { Issue } from "./issue.ts";
import type { Kind, Port, Ports } from "./port.ts";
import type { PreviewPart } from "./preview.ts";
import type { Approval, ToolResult, ToolSpec } from "./tool.ts";

/** Values by port. A missing port is a branch that was not taken. */
export type Values = Record<string, unknown>;

/** How a config key is edited. The editor has one file per widget under `editor/fields/`. */
export interface FieldHint {
  widget:
    | "text"
    | "textarea"
    | "prompt"
    /** A template of one line. */
    | "template"
    | "code"
    | "json"
    | "schema"
    | "number"
    | "slider"
    | "toggle"
    | "select"
    | "model"
    | "knowledge"
    | "tool"
    | "tools"
    | "agent"
    | "fields"
    | "cases"
    | "rule"
    | "keyvalue"
    | "budget"
    | "examples"
    | "texts"
    | "body"
    | "hidden";
  label?: string;
  /** The effect of the setting, in one sentence of plain words. */
  help?: string;
  /** An example in the empty field; the same in every language. */
  placeholder?: string;
  /** Shown under "More". */
  advanced?: boolean;
  /** For `keyvalue`: the values are templates. */
  templates?: boolean;
  min?: number;
  max?: number;
  step?: number;
  /** The field is shown only while the config key `key` has the value `is`. */
  when?: { key: string; is: unknown };
}

/** The role of a node type in a graph. Absent: an ordinary step. */
export type NodeRole =
  /** Where a run begins. `config.fields` declares the agent's inputs beside the message. Built in; one per graph. */
  | "input"
  /** Where a run ends: what reaches `reply` and `documents`. Built in; one per graph. */
  | "output"
  /** Text on the canvas (`config.text`). It is not part of a run, nor of a version's identity. */
  | "annotation"
  /** Repeats a graph or an agent, `config.body`; `body` says how. */
  | "container"
  /** Calls the agent `config.agent`, at `config.version` when that is set. */
  | "calls-agent";

/** How a container runs its body. */
export interface BodyContract {
  /** The key of the scope part that `run` passes to `step.body`. */
  each: "item" | "turn";
  /** What the body's input receives beside `message` and the fields of `config.inputs`. */
  fields: Field[];
}

/** The texts of a node type in one language. Missing texts stay in English. */
export interface NodeWords<K extends string = string> {
  title: string;
  summary: string;
  emptyText?: string;
  fields?: Partial<Record<K, { label: string; help?: string }>>;
  /** By port id. Ports that the author names keep their names. */
  ports?: Record<string, string>;
  /** Values of select fields. */
  options?: Record<string, string>;
}

/** Tools and agents that `ports` may look up. The canvas passes those of the catalog. */
export interface PortContext {
  tool?(name: string): ToolSpec | undefined;
  /** Ports of another agent's input and output. */
  agent?(agent: string, version?: number): Ports | undefined;
}

/** What exists outside of the graph. A missing function means unknown: nothing is reported about it. */
export interface CheckContext extends PortContext {
  hasModel?(name: string): boolean;
  /** Whether it is the demo model. */
  isDemo?(name: string): boolean;
  /** The tools that match a name or a pattern `…/*`. */
  tools?(pattern: string): readonly ToolSpec[];
  /** The secrets that a tool needs and that are not set. */
  missingSecrets?(tool: string): readonly string[];
  hasKnowledge?(name: string): boolean;
  hasSecret?(name: string): boolean;
  hasAgent?(agent: string, version?: number): boolean;
}

export interface NodeDefinition<C = unknown> {
  type: string;
  version: number;
  /** English, sentence case. */
  title: string;
  /** One line for the palette, under 60 characters. */
  summary: string;
  /** By language code. English is the definition itself. */
  words?: Record<string, NodeWords<keyof C & string>>;
  role?: NodeRole;
  group: "io" | "think" | "know" | "act" | "flow";
  /** A lucide icon name, kebab-case. */
  icon: string;
  /** The id of the first node of this type in a graph. Absent: `type`. */
  defaultId?: string;
  /** Every key has a default: `config.parse({})` is a fresh node. */
  config: z.ZodType<C>;
  /** Pure and fast: the canvas calls it at each keystroke. */
  ports(config: C, context?: PortContext): Ports;
  /** The config of a fresh node with an input of this name. For types that take their inputs from a template. */
  withInput?(name: string): Partial<C>;
  form?: Partial<Record<keyof C & string, FieldHint>>;
  /** The content of the card before a run. Pure. `nodes`: to look up the roles of nodes in a body. */
  preview?(config: C, nodes: NodeTable): PreviewPart[];
  /** The content of the card after a run. Absent: `previewOutputs`. Pure. */
  previewResult?(outputs: Values): PreviewPart[];
  /** Lines that the preview may take. Default 2. */
  previewLines?: 2 | 3;
  /** Shown on the card while the preview is empty and there is no issue. */
  emptyText?: string;
  /** The config key of the text that templates translate. */
  textKey?: string;
  /** For the role `container`. */
  body?: BodyContract;
  /** Exactly one of the outputs is taken in a run (a router, an approval). `check` uses it to allow joins. */
  exclusive?: boolean;
  /** Outputs that have a value whenever the node succeeds. `all`: every output. Default: none is certain. */
  certainOutputs?: "all" | readonly string[];
  /** The author declares the kinds of the outputs, and nothing checks the values. */
  uncheckedOutputs?: boolean;
  /** The input whose value is passed unchanged to every output. */
  passThrough?: string;
  /** Running this node costs nothing and changes nothing, so it matters only to nodes that use its outputs. */
  harmless?: boolean;
  /** The input that takes the session's conversation while nothing is connected to it. */
  sessionInput?: string;
  /** The most tools it offers to its model; of more, a search chooses the best. */
  toolLimit?(config: C): number;
  /**
   * Issues that only this node type knows: a template that does not parse, a case without a name. `path` is within the
   * config. `inputs`: the kind of the values connected to each input, if all its connections have the same kind. `outputs`:
   * the connected outputs.
   */
  check?(config: C, inputs?: ReadonlyMap<string, Kind>, outputs?: ReadonlySet<string>): NodeIssue[];
  /** Graphs inside the config, each with the JSON pointer to it. */
  bodies?(config: C): { graph: Graph; path: string }[];
  /** What must exist outside of the graph for it to run. */
  needs?(config: C): Needs;
  run?(step: Step<C>): Promise<Values>;
  /** Config of version n → n + 1, from index 0 for version 1. */
  upgrades?: ((old: unknown) => unknown)[];
}

/** Node types by name. */
export type NodeTable = ReadonlyMap<string, NodeDefinition>;

/** An issue as a definition reports it: the node is added, `path` is within its config. */
export type NodeIssue = Omit<Issue, "node">;

export interface Needs {
  models?: string[];
  /** Names, or patterns `…/*`. */
  tools?: string[];
  /** Approvals of the tools that it offers to a model. */
  approvals?: Record<string, Approval>;
  knowledge?: string[];
  secrets?: string[];
  agents?: { agent: string; version?: number }[];
}

/**
 * The argument of a node's `run`. All methods use the log: in a resumed run they return stored results and do nothing
 * twice.
 */
export interface Step<C = unknown> {
  readonly node: string;
  readonly scope: Scope;
  readonly title: string;
  readonly config: C;
  readonly ports: { inputs: Port[]; outputs: Port[] };
  /** By port. A `many` port's value is an array in edge order; a port without a taken edge is absent. */
  readonly inputs: Values;
  readonly run: RunFacts;
  readonly host: Host;
  readonly signal: AbortSignal;
  /** 1, and one more at each retry. */
  readonly attempt: number;
  /** An output of this node is connected to `output.reply`: its text streams as the reply. */
  readonly feedsReply: boolean;
  /** Whether an edge leaves the output. */
  isConnected(output: string): boolean;

  /** The last event of this type in the log, of this node in this scope, that `match` accepts. */
  past<T extends EventType>(type: T, match?: (event: EventOf<T>) => boolean): EventOf<T> | undefined;
  /**
   * Appends an event of this node. Resolves when it is on disk. Throws the abort's reason once the run is aborted. With
   * `aborting`, an abort listener of its signal can still append: the event comes before the run's end.
   */
  emit(body: StepEvent, options?: { aborting?: boolean }): Promise<void>;
  /** Emits text to subscribers. Offsets are counted here. */
  delta(kind: Delta["kind"], text: string, answer?: boolean): void;
  /** The text of this step so far is none of the answer: the next text begins again at offset 0. */
  recallText(): void;
  /**
   * Waits for a person. Resolves with the decision. When the run has no other work it is parked: this promise rejects with
   * `Parked`, and the node runs again when a decision is there. `key` identifies the wait within the node.
   */
  wait(key: string, request: WaitRequest, signal?: AbortSignal): Promise<WaitDecision>;
  /**
   * Limits the node's working time: `signal` aborts with the step, or with `timeoutError()` after `ms`. Waits of the node, or
   * of nodes inside it, for a person do not count. Call `end` when the work is done.
   */
  limit(ms: number, timeoutError: () => Error): { signal: AbortSignal; end(): void };
  /**
   * Runs tasks in parallel, at most `limit` at once; results in the order of the tasks. Use it for all parallel waiting.
   * The first failure aborts the others (through their signals) and is thrown when all have ended.
   */
  all<T>(tasks: ((signal: AbortSignal) => Promise<T>)[], limit?: number): Promise<T[]>;
  /**
   * Runs a graph inside this node; `part` is added to the scope of its events. Resolves with the inputs of its output node.
   * Rejects with the body's failure. `feedsReply`: its text is the run's reply, and it has the conversation.
   */
  runBody(
    graph: RunnableGraph,
    part: Omit<ScopePart, "node">,
    input: Values,
    options?: { feedsReply?: boolean; signal?: AbortSignal },
  ): Promise<Values>;
  /** Compiles an inline body, once per config. Throws `graph_has_issues`. */
  compile(graph: Graph): RunnableGraph;
  /**
   * Calls a tool: stores intent and result, handles uncertain calls, and runs agents as tools. `shape` changes a new
   * result before it is stored (a large one becomes an artifact).
   */
  callTool(
    call: { id: string; name: string; arguments: unknown },
    tool: ToolSpec,
    options?: {
      step?: number;
      attempt?: number;
      signal?: AbortSignal;
      shape?: (result: ToolResult) => Promise<ToolResult>;
      /** The arguments before a person changed them. */
      proposed?: unknown;
    },
  ): Promise<ToolResult>;
  /** Sets what the reply of this node is based on; stored in its `node-end`. */
  setGrounding(grounding: Grounding): void;
  /** Counts against the run's budget. Throws the error of a limit that is exceeded. */
  spend(usage: Partial<RunUsage>): void;
}

/** An event as a node emits it, without node and scope. */
export type StepEvent = { [T in StepEventType]: Omit<BodyOf<T>, "node" | "scope"> }[StepEventType];
type StepEventType = "retrieval" | "prompt-built" | "message" | "usage" | "tool-start" | "tool-end";

/** The run, as a node sees it. */
export interface RunFacts {
  readonly id: string;
  readonly input: RunInput;
  readonly session?: string;
  readonly user?: string;
  readonly settings: Settings;
}

/** Types a definition so that config, form and run agree. */
export function defineNode<C>(definition: NodeDefinition<C>): NodeDefinition<C> {
  return definition;
}
