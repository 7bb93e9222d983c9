/** Ports and the kinds of value that flow through them. */
import { z } from "zod";

export const KINDS = ["text", "json", "messages", "documents", "files", "tools", "any"] as const;
export const Kind = z.enum(KINDS);
export type Kind = z.infer<typeof Kind>;

export interface Port {
  id: string;
  kind: Kind;
  label?: string;
  /** Takes several edges; its value is then an array in edge order. */
  many?: boolean;
  /** May stay without an edge. */
  optional?: boolean;
}

export interface Ports {
  inputs: Port[];
  outputs: Port[];
  /**
   * What the node calls is not known here (a tool, another agent): a port that an edge names is taken to be there, of
   * kind `any`. Where it is called, what it takes and gives is known.
   */
  open?: boolean;
}

/** The output of a node whose failure is a branch (`onError: "branch"`): its value is the error. */
export const ERROR_PORT: Port = Object.freeze({ id: "error", kind: "json", optional: true });

/**
 * Whether an edge may run from a port of kind `from` to one of kind `to`, and how.
 * `convert`: lossless, done by `convertValue` and shown on the edge. `any` takes and gives everything;
 * what comes out of an `any` is looked at when it arrives.
 */
export function edgeFit(from: Kind, to: Kind): "same" | "convert" | "no" {
  if (from === to || from === "any" || to === "any") return "same";
  if (to === "json") return from === "tools" ? "no" : "convert";
  if (to === "text" && from === "json") return "convert";
  if (to === "messages" && from === "text") return "convert";
  return "no";
}

/** A value as the kind an input wants. Text from JSON is its JSON; messages from text are one user message. */
export function convertValue(value: unknown, to: Kind): unknown {
  if (to === "text" && typeof value !== "string") return value === undefined ? "" : JSON.stringify(value);
  if (to === "messages" && typeof value === "string") return [{ role: "user", content: value }];
  return value;
}
