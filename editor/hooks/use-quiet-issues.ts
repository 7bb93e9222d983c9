import { useEffect, useMemo, useState } from "react";
import type { GraphNode } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { useNodeIssues } from "./use-workbench.ts";

/** Time without a change of the node after which its new issues are shown. */
const QUIET_MS = 600;

/** The node's issues. New ones wait until typing pauses; those that are gone are gone at once. */
export function useQuietIssues(node: GraphNode): readonly Issue[] {
  const issues = useNodeIssues(node.id);
  const [shown, setShown] = useState(issues);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the config begins the wait again
  useEffect(() => {
    const timer = setTimeout(() => setShown(issues), QUIET_MS);
    return () => clearTimeout(timer);
  }, [issues, node.config]);
  return useMemo(() => {
    const now = new Set(issues.map(keyOf));
    return shown.filter((issue) => now.has(keyOf(issue)));
  }, [issues, shown]);
}

const keyOf = (issue: Issue) => JSON.stringify([issue.code, issue.path, issue.port, issue.message]);
