/** Agents: drafts, what is published of them, and what may be changed. */
import { z } from "zod";
import type { Graph } from "../../runtime/graph.ts";
import { Issue } from "../../runtime/issue.ts";
import type { Ports } from "../../runtime/port.ts";
import { typed } from "./typed.ts";

export const Agent = z.object({
  id: z.string(),
  revision: z.number().int(),
  graph: typed<Graph>(),
  issues: z.array(Issue),
  slug: z.string().optional(),
  /** The live version of a published agent. */
  live: z.number().int().optional(),
  /** Unix milliseconds. */
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type Agent = z.infer<typeof Agent>;

/** What `PUT` answers: the graph is the one that was sent. */
export const SavedAgent = Agent.pick({ id: true, revision: true, issues: true });
export type SavedAgent = z.infer<typeof SavedAgent>;

const PortShape = z.looseObject({ id: z.string(), kind: z.string() });

/** An agent without its graph: enough to name it, link to it and call it as a node. */
export const AgentCard = Agent.omit({ graph: true, issues: true }).extend({
  name: z.string(),
  description: z.string(),
  latest: z.number().int().optional().describe("The newest published version."),
  ports: typed<Ports>(z.object({ inputs: z.array(PortShape), outputs: z.array(PortShape) })),
});
export type AgentCard = z.infer<typeof AgentCard>;

export const Revision = z.object({
  revision: z.number(),
  updatedAt: z.number(),
  name: z.string(),
  /** A name that a person gave it. */
  label: z.string().optional(),
});
export type Revision = z.infer<typeof Revision>;

export const Access = z.enum(["private", "link", "public"]);
export type Access = z.infer<typeof Access>;

/** As browsers send it: scheme, host and port. The rest of an address is dropped. */
const Origin = z
  .url({ protocol: /^https?$/, error: "Must be the address of a site, such as https://example.com" })
  .max(500)
  .transform((url) => new URL(url).origin);

/** Who may use a published agent, and what its chat page shows. */
export const Admission = z.strictObject({
  access: Access.optional(),
  origins: z.array(Origin).max(50).optional().describe("Sites that may embed the chat or call from a browser."),
  steps: z
    .boolean()
    .optional()
    .describe("The chat page shows which tools were called and what media they made; never arguments or results."),
});
export type Admission = z.infer<typeof Admission>;

export const Publish = Admission.extend({ slug: z.string().optional(), note: z.string().max(4000).optional() });
export type Publish = z.infer<typeof Publish>;

/** A published version. It never changes; `graph` names its agents by version. */
export const AgentVersion = z.object({
  slug: z.string(),
  version: z.number(),
  agent: z.string(),
  revision: z.number(),
  note: z.string(),
  graph: typed<Graph>(),
  hash: z.string(),
  /** SHA-256 of each tool's spec at the time of publishing. */
  tools: z.record(z.string(), z.string()),
  publishedAt: z.number(),
});
export type AgentVersion = z.infer<typeof AgentVersion>;

/** What a slug currently serves. */
export const Publication = z.object({
  slug: z.string(),
  agent: z.string(),
  live: z.number(),
  latest: z.number(),
  /** A second version that takes this share of the calls, 0 to 1, and since when (Unix milliseconds). */
  share: z.object({ version: z.number(), share: z.number(), since: z.number() }).optional(),
  access: Access,
  origins: z.array(z.string()),
  /** The chat page shows what the agent does, by name alone. */
  steps: z.boolean().optional(),
});
export type Publication = z.infer<typeof Publication>;

/** The addresses of a published agent, by protocol. */
export const Urls = z.record(z.string(), z.string());

export const Published = z.object({ slug: z.string(), version: z.number(), urls: Urls });
export type Published = z.infer<typeof Published>;
