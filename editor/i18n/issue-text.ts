/** The text of an issue, and the facts that it is built from. */
export interface IssueText {
  message: string;
  fix?: string;
}

/** The facts available for the text of an issue. */
export interface IssueFacts {
  node: string;
  port: string;
  /** The two ends and kinds of the edge, for an issue about an edge. */
  from: string;
  to: string;
  fromKind: string;
  toKind: string;
  /** The position that the English message begins with: of a template. */
  position?: { line: string; column: string };
  severity: "error" | "warning";
  /** The English message. */
  english: string;
  /** The quoted names in the English message: a tool, a model, a key. */
  names: string[];
}
