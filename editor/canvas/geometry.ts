/**
 * Where everything on a card sits, in pixels. The card's styles follow these numbers, so ports and edges are in place
 * before a card is drawn at all: a large graph opens without measuring its nodes.
 */
import { type NodeHandle, Position } from "@xyflow/react";
import type { Graph, GraphNode, Place } from "../../runtime/graph.ts";
import type { DrawnPort } from "../state/ports.ts";

export const CARD = { width: 232, head: 38, row: 22, pad: 6, handle: 12, line: 17, bodyPad: 8 } as const;
export const NOTE = { width: 260, height: 132, minWidth: 140, minHeight: 64 } as const;

/** Lines of text in a card's body: what the node last did, or what it is set to. */
export function bodyLines(type: string): number {
  return type === "llm" || type === "prompt" || type === "output" || type === "code" ? 3 : 2;
}

export interface CardPorts {
  inputs: DrawnPort[];
  outputs: DrawnPort[];
}

export function cardHeight(type: string, ports: CardPorts): number {
  const rows = Math.max(ports.inputs.length, ports.outputs.length);
  const rowsHeight = rows === 0 ? 0 : rows * CARD.row + 2 * CARD.pad;
  return CARD.head + rowsHeight + 1 + 2 * CARD.bodyPad + bodyLines(type) * CARD.line;
}

export function nodeSize(node: GraphNode, ports: CardPorts, place?: Place): { width: number; height: number } {
  if (node.type === "note") return { width: place?.width ?? NOTE.width, height: place?.height ?? NOTE.height };
  return { width: CARD.width, height: cardHeight(node.type, ports) };
}

export function handles(ports: CardPorts): NodeHandle[] {
  const { handle: size, head, pad, row, width } = CARD;
  const y = (index: number) => head + pad + index * row + (row - size) / 2;
  return [
    ...ports.inputs.map((port, index) => ({
      id: port.id,
      type: "target" as const,
      position: Position.Left,
      x: -size / 2,
      y: y(index),
      width: size,
      height: size,
    })),
    ...ports.outputs.map((port, index) => ({
      id: port.id,
      type: "source" as const,
      position: Position.Right,
      x: width - size / 2,
      y: y(index),
      width: size,
      height: size,
    })),
  ];
}

/** Where a node stands that has no place yet: to the right of all that have one. */
export function openPlace(graph: Graph): { x: number; y: number } {
  const places = Object.values(graph.layout);
  if (places.length === 0) return { x: 0, y: 0 };
  return {
    x: Math.max(...places.map((place) => place.x)) + CARD.width + 72,
    y: Math.min(...places.map((place) => place.y)),
  };
}

/** The nearest place to `wanted` where a card covers no other. */
export function freePlace(
  graph: Graph,
  wanted: { x: number; y: number },
  size: { width: number; height: number } = { width: CARD.width, height: 150 },
): { x: number; y: number } {
  const taken = Object.values(graph.layout);
  const covered = (x: number, y: number) =>
    taken.some((place) => Math.abs(place.x - x) < size.width + 16 && Math.abs(place.y - y) < size.height);
  let { x, y } = wanted;
  for (let step = 0; step < 60 && covered(x, y); step++) y += 44;
  return { x: Math.round(x), y: Math.round(y) };
}
