import { type NodeHandle, Position } from "@xyflow/react";
import { type CardPorts, portBoxes } from "../graph/card-size.ts";

/** React Flow's handles for a card's ports. */
export const handles = (ports: CardPorts): NodeHandle[] =>
  portBoxes(ports).map(({ side, ...box }) => ({
    ...box,
    type: side === "in" ? "target" : "source",
    position: side === "in" ? Position.Left : Position.Right,
  }));
