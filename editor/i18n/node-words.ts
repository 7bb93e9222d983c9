/** The names of node types, their fields and ports, from the node definitions. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import type { Kind, Port } from "../../runtime/port.ts";
import { table } from "../graph/node-types.ts";
import { KIND_WORDS, PORT_WORDS } from "./zh/ports.ts";

export interface NodeWords {
  title(type: string): string;
  summary(type: string): string;
  /** A node's own title, or the title of its type. */
  nodeTitle(node: Pick<GraphNode, "title" | "type">): string;
  port(type: string, port: Port): string;
  kind(kind: Kind): string;
  field(type: string, key: string): { label: string; help?: string };
  /** A value of a select field. */
  option(type: string, value: string): string;
  /** Shown on a card with an empty preview; undefined if the type defines none. */
  emptyText(type: string): string | undefined;
}

const english: NodeWords = {
  title: (type) => table.get(type)?.title ?? type,
  summary: (type) => table.get(type)?.summary ?? "",
  nodeTitle: (node) => node.title || english.title(node.type),
  // A label that differs from the id only in case is replaced by the id, because ports are in lower case.
  port: (_type, port) => (port.label === undefined || port.label.toLowerCase() === port.id ? port.id : port.label),
  kind: (kind) => kind,
  field: (type, key) => {
    const hint = formHint(table.get(type), key);
    return { label: hint?.label ?? humanize(key), ...(hint?.help ? { help: hint.help } : {}) };
  },
  emptyText: (type) => table.get(type)?.emptyText,
  option: (_type, value) => (value === value.toUpperCase() ? value : humanize(value)),
};

/** The texts of another language, from the definitions; English if a definition lacks them. */
function translated(language: string): NodeWords {
  const of = (type: string) => table.get(type)?.words?.[language];
  const words: NodeWords = {
    title: (type) => of(type)?.title ?? english.title(type),
    summary: (type) => of(type)?.summary ?? english.summary(type),
    emptyText: (type) => of(type)?.emptyText ?? english.emptyText(type),
    nodeTitle: (node) => node.title || words.title(node.type),
    // A port named by the author keeps that name.
    port: (type, port) =>
      (isOwnPort(type, port.id) ? (of(type)?.ports?.[port.id] ?? PORT_WORDS[port.id]) : undefined) ??
      port.label ??
      port.id,
    kind: (kind) => KIND_WORDS[kind],
    field: (type, key) => of(type)?.fields?.[key as never] ?? english.field(type, key),
    option: (type, value) => of(type)?.options?.[value] ?? english.option(type, value),
  };
  return words;
}

const chinese = translated("zh");

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

/** Whether a port belongs to the type, as opposed to one named by the author (a field, a case, a template variable). */
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
