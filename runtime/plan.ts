/**
 * Which nodes can run: pure bookkeeping, no promise and no clock in it. A node is ready as soon as all of its incoming
 * edges are settled. It is skipped when a required wired input got no taken edge, or when none of its edges was taken;
 * so a branch not taken skips what hangs on it alone, and a join waits for the taken branches only.
 */

import type { Values } from "./node.ts";
import { convertValue } from "./port.ts";
import type { CompiledNode } from "./resolve.ts";

export interface NextNodes {
  start: CompiledNode[];
  skip: CompiledNode[];
}

/** Which part of a graph to run. */
export interface Selection {
  /** Nodes outside it give nothing and are neither started nor skipped aloud. Default: all. */
  includes?(node: CompiledNode): boolean;
  /** Its outputs are fixed beforehand, so it starts whatever reaches it. */
  pinned?(node: CompiledNode): boolean;
}

export class Plan {
  readonly #open = new Map<CompiledNode, number>();
  readonly #outputs = new Map<CompiledNode, Values | null>();
  readonly #part: Selection;
  readonly nodes: CompiledNode[];

  constructor(nodes: CompiledNode[], part: Selection = {}) {
    this.nodes = nodes;
    this.#part = part;
  }

  /** The first moves. Call once. */
  begin(): NextNodes {
    const moves: NextNodes = { start: [], skip: [] };
    for (const node of this.nodes) this.#open.set(node, node.incoming.length);
    for (const node of this.nodes) if (node.incoming.length === 0) this.#decide(node, moves);
    return moves;
  }

  /** A node ended with these outputs, by port; a port left out (or undefined) is a branch not taken. */
  settle(node: CompiledNode, outputs: Values): NextNodes {
    const moves: NextNodes = { start: [], skip: [] };
    this.#settle(node, outputs, moves);
    return moves;
  }

  /** What a ready node is given: the value of each taken edge by port, an array where the port takes many. */
  inputs(node: CompiledNode): Values {
    const values: Values = {};
    for (const edge of node.incoming) {
      const value = this.#outputs.get(edge.from)?.[edge.fromPort];
      if (value === undefined) continue;
      const port = node.inputs.find((one) => one.id === edge.toPort)!;
      const fitting = convertValue(value, port.kind);
      if (port.many) {
        const list = values[edge.toPort] as unknown[] | undefined;
        if (list) list.push(fitting);
        else values[edge.toPort] = [fitting];
      } else values[edge.toPort] = fitting;
    }
    return values;
  }

  #settle(node: CompiledNode, outputs: Values | null, moves: NextNodes): void {
    this.#outputs.set(node, outputs);
    for (const edge of node.outgoing) {
      const left = this.#open.get(edge.to)! - 1;
      this.#open.set(edge.to, left);
      if (left === 0) this.#decide(edge.to, moves);
    }
  }

  #decide(node: CompiledNode, moves: NextNodes): void {
    const { includes, pinned: fixed } = this.#part;
    if (fixed?.(node)) {
      moves.start.push(node);
      return;
    }
    if (includes && !includes(node)) {
      this.#settle(node, null, moves);
      return;
    }
    const taken = new Set<string>();
    const wired = new Set<string>();
    for (const edge of node.incoming) {
      wired.add(edge.toPort);
      if (this.#outputs.get(edge.from)?.[edge.fromPort] !== undefined) taken.add(edge.toPort);
    }
    const lacks = node.inputs.some((port) => !port.optional && wired.has(port.id) && !taken.has(port.id));
    if (lacks || (wired.size > 0 && taken.size === 0)) {
      moves.skip.push(node);
      this.#settle(node, null, moves);
    } else moves.start.push(node);
  }
}
