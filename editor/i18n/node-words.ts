/**
 * What node types, their fields and their ports are called. English stands in the definitions themselves; the other
 * language's words are here, and a test holds the two together.
 */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import type { Kind, Port } from "../../runtime/port.ts";
import { table } from "../graph/node-types.ts";
import { FIELD_WORDS, KIND_WORDS, NODE_WORDS, OPTION_WORDS, PORT_WORDS } from "./zh/node-types.ts";

export interface NodeWords {
  title(type: string): string;
  summary(type: string): string;
  /** A node's own title, else its type's. */
  nodeTitle(node: Pick<GraphNode, "title" | "type">): string;
  port(type: string, port: Port): string;
  kind(kind: Kind): string;
  field(type: string, key: string): { label: string; help?: string };
  /** A value of a select field. */
  option(value: string): string;
}

const english: NodeWords = {
  title: (type) => table.get(type)?.title ?? type,
  summary: (type) => table.get(type)?.summary ?? "",
  nodeTitle: (node) => node.title || english.title(node.type),
  // A label that says the id again (by another case) is the id: ports are written small.
  port: (_type, port) => (port.label === undefined || port.label.toLowerCase() === port.id ? port.id : port.label),
  kind: (kind) => kind,
  field: (type, key) => {
    const hint = formHint(table.get(type), key);
    return { label: hint?.label ?? humanize(key), ...(hint?.help ? { help: hint.help } : {}) };
  },
  option: (value) => (value === value.toUpperCase() ? value : humanize(value)),
};

const chinese: NodeWords = {
  title: (type) => NODE_WORDS[type]?.title ?? english.title(type),
  summary: (type) => NODE_WORDS[type]?.summary ?? english.summary(type),
  nodeTitle: (node) => node.title || chinese.title(node.type),
  // A port that the author named keeps the author's name.
  port: (type, port) =>
    isOwnPort(type, port.id) ? (PORT_WORDS[port.id] ?? port.label ?? port.id) : (port.label ?? port.id),
  kind: (kind) => KIND_WORDS[kind],
  field: (type, key) => FIELD_WORDS[`${type}.${key}`] ?? FIELD_WORDS[key] ?? english.field(type, key),
  option: (value) => OPTION_WORDS[value] ?? english.option(value),
};

export const nodeWords = (language: string): NodeWords => (language === "zh" ? chinese : english);

export function useNodeWords(): NodeWords {
  const { i18n } = useTranslation();
  return useMemo(() => nodeWords(i18n.language), [i18n.language]);
}

export function formHint(definition: NodeDefinition | undefined, key: string) {
  return (definition?.form as Record<string, NonNullable<NodeDefinition["form"]>[never]> | undefined)?.[key] as
    | { widget: string; label?: string; help?: string; advanced?: boolean; min?: number; max?: number; step?: number }
    | undefined;
}

/** `minScore` → "Min score". */
export function humanize(key: string): string {
  const words = key
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll(/[-_]/g, " ")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const fresh = new Map<string, Set<string>>();

/** Whether a port belongs to the type itself and was not named by the author (a field, a case, a template's name). */
function isOwnPort(type: string, id: string): boolean {
  let own = fresh.get(type);
  if (!own) {
    const definition = table.get(type);
    const parsed = definition?.config.safeParse({});
    const ports = definition && parsed?.success ? definition.ports(parsed.data) : { inputs: [], outputs: [] };
    own = new Set([...ports.inputs, ...ports.outputs].map((port) => port.id).concat("error"));
    fresh.set(type, own);
  }
  return own.has(id);
}
