/** The shape of a sentence about an issue, and the facts that it is made of. */
export interface IssueText {
  message: string;
  fix?: string;
}

/** What a sentence about an issue may be made of. */
export interface IssueFacts {
  node: string;
  port: string;
  /** The two ends and kinds of the edge that it is about. */
  from: string;
  to: string;
  fromKind: string;
  toKind: string;
  /** Names in quotes in the English sentence: a tool, a model, a key. */
  names: string[];
}
