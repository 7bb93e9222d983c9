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
   * The node calls a tool or an agent whose ports are unknown here: every port that an edge names is accepted, as `any`.
   * The ports are checked when it is called.
   */
  open?: boolean;
}

/** The output of a node whose failure is a branch (`onError: "branch"`): its value is the error. */
export const ERROR_PORT: Port = Object.freeze({ id: "error", kind: "json", optional: true });

/**
 * Whether an edge can connect a port of kind `from` to one of kind `to`, and how.
 * `convert`: lossless, done by `convertValue` and shown on the edge. `any` fits everything;
 * its values are checked when they arrive.
 */
export function edgeFit(from: Kind, to: Kind): "same" | "convert" | "no" {
  if (from === to || from === "any" || to === "any") return "same";
  if (to === "json") return from === "tools" ? "no" : "convert";
  if (to === "text" && from === "json") return "convert";
  if (to === "messages" && from === "text") return "convert";
  return "no";
}

/** Converts a value to the kind of an input. JSON becomes its text; text becomes one user message. */
export function convertValue(value: unknown, to: Kind): unknown {
  if (to === "text" && typeof value !== "string") return value === undefined ? "" : JSON.stringify(value);
  if (to === "messages" && typeof value === "string") return [{ role: "user", content: value }];
  return value;
}
