import type { FieldHint } from "../../runtime/node.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

/** What a widget is given: one key of a node's config. */
export interface FieldProps {
  node: string;
  type: string;
  /** The config key. */
  name: string;
  /** As it stands in the document, or the default. May be of any shape: a file edited by hand is shown too. */
  value: unknown;
  hint: FieldHint;
  /** The key's part of the config's JSON Schema. */
  schema: JsonSchema;
  /** The node's whole config, with defaults. */
  config: Record<string, unknown>;
  /** Read aloud, and shown where the widget draws its own label. */
  label: string;
  disabled: boolean;
  set(value: unknown): void;
  /** For a widget that is about more than one key. */
  setKey(key: string, value: unknown): void;
}

export const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
export const listOf = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);
export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
