import type { Field } from "../../runtime/field.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Ports } from "../../runtime/port.ts";

export interface AgentRecord {
  id: string;
  revision: number;
  graph: Graph;
  issues: Issue[];
  slug?: string;
  /** The live version, where it is published. */
  live?: number;
  createdAt: number;
  updatedAt: number;
}

export type Access = "private" | "link" | "public";

/** A published version: frozen. `graph` has its agents resolved to versions. */
export interface AgentVersion {
  slug: string;
  version: number;
  agent: string;
  revision: number;
  note: string;
  graph: Graph;
  hash: string;
  /** SHA-256 of each tool's spec when it was published. */
  tools: Record<string, string>;
  publishedAt: number;
}

/** What a slug stands for now. */
export interface Publication {
  slug: string;
  agent: string;
  live: number;
  latest: number;
  /** A second version that takes this share of the calls, 0 to 1, and since when (Unix milliseconds). */
  share?: { version: number; share: number; since: number };
  access: Access;
  origins: string[];
  /** The chat page shows what the agent does on its way to an answer, by name alone. */
  steps?: boolean;
}

/** What others need to know of an agent to name it, link to it and call it; a page of these is small and quickly made. */
export interface AgentCard {
  id: string;
  revision: number;
  name: string;
  description: string;
  slug?: string;
  live?: number;
  /** What it takes and gives as a node. */
  ports: Ports;
  createdAt: number;
  updatedAt: number;
}

export interface Agents {
  list(options?: { after?: string; limit?: number }): Promise<AgentRecord[]>;
  /** The same page as `list`, with neither graphs nor a check of them. */
  cards(options?: { after?: string; limit?: number }): Promise<AgentCard[]>;
  /** Every draft's ports as a node, by id; held in memory. */
  drafts(): Promise<ReadonlyMap<string, Ports>>;
  /** What a graph's input node declares beside the message. */
  inputFields(graph: Graph): Field[];
  /** Rejects with `not_found`. */
  get(id: string): Promise<AgentRecord>;
  create(graph: unknown): Promise<AgentRecord>;
  /** Rejects with `conflict` when the agent does not stand at `revision`. */
  update(id: string, graph: unknown, revision: number): Promise<AgentRecord>;
  delete(id: string): Promise<boolean>;
  /** `label`: what a person called it. */
  revisions(id: string): Promise<{ revision: number; updatedAt: number; name: string; label?: string }[]>;
  /** Names a revision, or takes its name away with "". A named one is kept however many come after it. */
  nameRevision(id: string, revision: number, label: string): Promise<void>;
  revision(id: string, revision: number): Promise<AgentRecord>;
  /** The same verdict as in the editor and the CLI, with what this server has. */
  check(graph: unknown): Promise<Issue[]>;
  publish(
    id: string,
    options: { slug?: string; note?: string; access?: Access; origins?: string[]; steps?: boolean },
  ): Promise<AgentVersion>;
  /** Changes who may come and what they see, and no version. Rejects with `not_found` where it is not published. */
  setPublication(id: string, change: Partial<Pick<Publication, "access" | "origins" | "steps">>): Promise<Publication>;
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
