import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Issue } from "../../runtime/issue.ts";
import type { IssueText } from "../i18n/issue-text.ts";
import { issueText } from "../i18n/issue-words.ts";
import { useGraph, useReader } from "./use-workbench.ts";

/** Issues of the open graph in the language that is shown. */
export function useIssueWords(): (issue: Issue) => IssueText {
  const { i18n } = useTranslation();
  const reader = useReader();
  const graph = useGraph((one) => one);
  return useMemo(
    () => (issue: Issue) => issueText(issue, i18n.language, graph, reader),
    [i18n.language, graph, reader],
  );
}
