/**
 * Issues in the current language. The English text comes from `checkGraph`; the Chinese text is built from the same
 * facts.
 */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { edgeOf, lookup } from "../graph/lookup.ts";
import { type PortReader, portAt } from "../graph/ports.ts";
import type { IssueFacts, IssueText } from "../i18n/issue-text.ts";
import { type NodeWords, nodeWords } from "../i18n/node-words.ts";
import { chinese } from "../i18n/zh/issues.ts";
import { useGraph, useReader } from "./use-workbench.ts";

export function issueText(issue: Issue, language: string, graph: Graph, reader: PortReader): IssueText {
  const english: IssueText = { message: issue.message, ...(issue.fix ? { fix: issue.fix } : {}) };
  if (language !== "zh") return english;
  const said = chinese[issue.code](facts(issue, graph, reader, nodeWords(language)));
  return { message: said.message ?? english.message, ...(said.fix ? { fix: said.fix } : {}) };
}

/** The text of issues of the open graph, in the current language. */
export function useIssueWords(): (issue: Issue) => IssueText {
  const { i18n } = useTranslation();
  const reader = useReader();
  const graph = useGraph((one) => one);
  return useMemo(
    () => (issue: Issue) => issueText(issue, i18n.language, graph, reader),
    [i18n.language, graph, reader],
  );
}

function facts(issue: Issue, graph: Graph, reader: PortReader, words: NodeWords): IssueFacts {
  const at = lookup(graph);
  const title = (id: string) => {
    const node = at.node(id);
    return node ? words.nodeTitle(node) : id;
  };
  const edge = edgeOf(graph, issue);
  const end = (text: string | undefined, side: "in" | "out") => {
    if (!text) return { name: "", kind: "" };
    const { node, port } = edgeEnd(text);
    const kind = portAt(graph, reader, text, side)?.kind;
    return { name: `${title(node)}.${port}`, kind: kind ? words.kind(kind) : "" };
  };
  const from = end(edge?.from, "out");
  const to = end(edge?.to, "in");
  const node = issue.node === undefined ? undefined : at.node(issue.node);
  const port = node && issue.port !== undefined ? portAt(graph, reader, `${node.id}.${issue.port}`, "in") : undefined;
  const position = /\bLine (\d+), column (\d+): /.exec(issue.message);
  return {
    node: issue.node === undefined ? "" : title(issue.node),
    port: port && node ? words.port(node.type, port) : (issue.port ?? ""),
    from: from.name,
    to: to.name,
    fromKind: from.kind,
    toKind: to.kind,
    severity: issue.severity,
    english: issue.message,
    ...(position && { position: { line: position[1]!, column: position[2]! } }),
    names: [...issue.message.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? ""),
  };
}
