import type { FieldHint } from "../../runtime/node.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

/** The props of a field widget: one key of a node's config. */
export interface FieldProps {
  node: string;
  type: string;
  /** The config key. */
  name: string;
  /** The value in the document, or the default. It may have any type, because files can be edited by hand. */
  value: unknown;
  hint: FieldHint;
  /** The JSON Schema of this key. */
  schema: JsonSchema;
  /** The node's whole config, including defaults. */
  config: Record<string, unknown>;
  /** The accessible name; visible if the widget draws its own label. */
  label: string;
  disabled: boolean;
  set(value: unknown): void;
  /** For a widget that edits more than one key. */
  setKey(key: string, value: unknown): void;
}

export const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
export const listOf = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);
export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
