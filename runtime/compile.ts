/** A graph made ready to run: nodes looked up, configs parsed, edges resolved. Done once, at publish or at the first run of a draft. */
import type { Graph, Retry } from "./graph.ts";
import type { NodeDefinition } from "./node.ts";
import type { Port } from "./port.ts";

export interface CompiledEdge {
  from: CompiledNode;
  fromPort: string;
  to: CompiledNode;
  toPort: string;
}

export interface CompiledNode {
  id: string;
  type: string;
  title: string;
  definition: NodeDefinition;
  config: unknown;
  inputs: Port[];
  /** With the `error` port where `onError` is `branch`. */
  outputs: Port[];
  /** In edge order. */
  incoming: CompiledEdge[];
  outgoing: CompiledEdge[];
  retry?: Retry;
  onError: "fail" | "branch";
  /** Wired straight to `output.reply`. */
  answers: boolean;
}

export interface CompiledGraph {
  graph: Graph;
  /** SHA-256 (hex) of `graphIdentity`. */
  hash: string;
  /** In topological order; notes left out. */
  nodes: CompiledNode[];
}
