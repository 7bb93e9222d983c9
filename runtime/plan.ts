/**
 * Decides which nodes run next. Pure: no promise, no clock. A node is ready when all of its incoming edges are settled. It
 * is skipped when a required connected input has no taken edge, or when none of its edges was taken. So a branch that is
 * not taken skips the nodes that depend only on it, and a join waits for the taken branches only.
 */
import type { Values } from "./node.ts";
import { convertValue } from "./port.ts";
import type { CompiledNode } from "./resolve.ts";

/** The nodes to start and to skip, in the order of the graph. */
export interface NextNodes {
  start: CompiledNode[];
  skip: CompiledNode[];
}

/** The part of a graph to run. */
export interface Selection {
  /** Other nodes have no outputs and no events. Default: all nodes. */
  includes?(node: CompiledNode): boolean;
  /** The outputs of the node are given, so it starts with any inputs. */
  pinned?(node: CompiledNode): boolean;
}

export class Plan {
  readonly #unsettledEdges = new Map<CompiledNode, number>();
  readonly #outputs = new Map<CompiledNode, Values | null>();
  readonly #selection: Selection;
  readonly nodes: CompiledNode[];

  constructor(nodes: CompiledNode[], selection: Selection = {}) {
    this.nodes = nodes;
    this.#selection = selection;
  }

  /** The nodes without incoming edges. Call once. */
  begin(): NextNodes {
    const next: NextNodes = { start: [], skip: [] };
    for (const node of this.nodes) this.#unsettledEdges.set(node, node.incoming.length);
    for (const node of this.nodes) if (node.incoming.length === 0) this.#decide(node, next);
    return next;
  }

  /** A node ended with these outputs, by port; a port left out (or undefined) is a branch not taken. */
  settle(node: CompiledNode, outputs: Values): NextNodes {
    const next: NextNodes = { start: [], skip: [] };
    this.#settle(node, outputs, next);
    return next;
  }

  /** The inputs of a ready node: the value of each taken edge by port, an array where the port takes many. */
  inputs(node: CompiledNode): Values {
    const values: Values = {};
    for (const edge of node.incoming) {
      const value = this.#outputs.get(edge.from)?.[edge.fromPort];
      if (value === undefined) continue;
      const port = node.inputs.find((one) => one.id === edge.toPort)!;
      const converted = convertValue(value, port.kind);
      if (port.many) {
        const list = values[edge.toPort] as unknown[] | undefined;
        if (list) list.push(converted);
        else values[edge.toPort] = [converted];
      } else values[edge.toPort] = converted;
    }
    return values;
  }

  #settle(node: CompiledNode, outputs: Values | null, next: NextNodes): void {
    this.#outputs.set(node, outputs);
    for (const edge of node.outgoing) {
      const left = this.#unsettledEdges.get(edge.to)! - 1;
      this.#unsettledEdges.set(edge.to, left);
      if (left === 0) this.#decide(edge.to, next);
    }
  }

  #decide(node: CompiledNode, next: NextNodes): void {
    const { includes, pinned } = this.#selection;
    if (pinned?.(node)) {
      next.start.push(node);
      return;
    }
    if (includes && !includes(node)) {
      this.#settle(node, null, next);
      return;
    }
    const taken = new Set<string>();
    const connected = new Set<string>();
    for (const edge of node.incoming) {
      connected.add(edge.toPort);
      if (this.#outputs.get(edge.from)?.[edge.fromPort] !== undefined) taken.add(edge.toPort);
    }
    const missing = node.inputs.some((port) => !port.optional && connected.has(port.id) && !taken.has(port.id));
    if (missing || (connected.size > 0 && taken.size === 0)) {
      next.skip.push(node);
      this.#settle(node, null, next);
    } else next.start.push(node);
  }
}
