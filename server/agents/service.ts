import type { Field } from "../../runtime/field.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Ports } from "../../runtime/port.ts";
import type { Admission, Agent, AgentCard, AgentVersion, Publication, Publish, Revision } from "../contract/agent.ts";

export interface Agents {
  list(options?: { after?: string; limit?: number }): Promise<Agent[]>;
  /** The same page as `list`, with neither graphs nor a check of them. */
  cards(options?: { after?: string; limit?: number }): Promise<AgentCard[]>;
  /** The graph of every draft. */
  graphs(): Promise<{ id: string; graph: Graph }[]>;
  /** Every draft's ports as a node, by id; held in memory. */
  drafts(): Promise<ReadonlyMap<string, Ports>>;
  /** What a graph's input node declares beside the message. */
  inputFields(graph: Graph): Field[];
  /** Whether the graph uses the files of a message. */
  readsFiles(graph: Graph): boolean;
  /** Rejects with `not_found`. */
  get(id: string): Promise<Agent>;
  create(graph: unknown): Promise<Agent>;
  /** Rejects with `conflict` when the agent is not at `revision`. */
  update(id: string, graph: unknown, revision: number): Promise<Agent>;
  delete(id: string): Promise<boolean>;
  /** `label`: what a person called it. */
  revisions(id: string): Promise<Revision[]>;
  /** Names a revision, or takes its name away with "". A named one is kept however many come after it. */
  nameRevision(id: string, revision: number, label: string): Promise<void>;
  revision(id: string, revision: number): Promise<Agent>;
  /** The same verdict as in the editor and the CLI, with what this server has. */
  check(graph: unknown): Promise<Issue[]>;
  /** Rejects with `bad_request`, `conflict` (the slug is taken) or `graph_has_issues`. */
  publish(id: string, options: Publish): Promise<AgentVersion>;
  /** Changes who may come and what they see, and no version. Rejects with `not_found` where it is not published. */
  setPublication(id: string, change: Admission): Promise<Publication>;
  versions(id: string): Promise<AgentVersion[]>;
  /**
   * Makes a version the live one, or gives it a share of the live one's calls. Rejects with `not_found`, and with
   * `bad_request` for a share of the live version itself.
   */
  setLive(id: string, options: { version: number; share?: number }): Promise<Publication>;
  publication(slug: string): Promise<Publication | undefined>;
  publications(): Promise<Publication[]>;
  version(slug: string, version: number): Promise<AgentVersion | undefined>;
}
