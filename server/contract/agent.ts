/** Agents: drafts, revisions, published versions and access settings. */
import { z } from "zod";
import type { Graph } from "../../runtime/graph.ts";
import { Issue } from "../../runtime/issue.ts";
import type { Ports } from "../../runtime/port.ts";
import { typed } from "./typed.ts";

const Tag = z.string().trim().min(1).max(50);

export const AgentLabels = z.object({
  folder: z
    .string()
    .max(200)
    .transform((text) =>
      text
        .split("/")
        .map((part) => part.trim())
        .filter(Boolean)
        .join("/"),
    )
    .optional()
    .describe('Names separated by "/". Empty: none.'),
  tags: z
    .array(Tag)
    .max(20)
    .transform((tags) => [...new Set(tags)])
    .optional(),
});
export type AgentLabels = z.infer<typeof AgentLabels>;

export const Agent = z.object({
  id: z.string(),
  revision: z.number().int(),
  graph: typed<Graph>(),
  issues: z.array(Issue),
  slug: z.string().optional(),
  /** The live version of a published agent. */
  live: z.number().int().optional(),
  folder: z.string().optional(),
  tags: z.array(z.string()).optional(),
  /** Unix milliseconds. */
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type Agent = z.infer<typeof Agent>;

/** The response of `PUT`. It omits the graph, which the caller has just sent. */
export const SavedAgent = Agent.pick({ id: true, revision: true, issues: true });
export type SavedAgent = z.infer<typeof SavedAgent>;

const PortShape = z.looseObject({ id: z.string(), kind: z.string() });

/** An agent without its graph: name, ports and versions, for lists and for agent nodes. */
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
  /** Name given by a person. */
  label: z.string().optional(),
});
export type Revision = z.infer<typeof Revision>;

export const Access = z.enum(["private", "link", "public"]);
export type Access = z.infer<typeof Access>;

/** An origin as browsers send it: scheme, host and port. The rest of the URL is dropped. */
const Origin = z
  .url({ protocol: /^https?$/, error: "Must be an origin, such as https://example.com" })
  .max(500)
  .transform((url) => new URL(url).origin);

/** How the chat page looks. An absent part: the agent's name, the standard colour, no logo. */
export const Look = z.strictObject({
  title: z.string().trim().min(1).max(80).optional(),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, "Must be a colour as #rrggbb")
    .optional(),
  logo: z
    .string()
    .max(180_000, "The logo must be smaller than 128 KiB")
    .regex(
      /^data:image\/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/,
      "Must be a PNG, JPEG, WebP or SVG image as a data: URL in base64",
    )
    .optional()
    .describe("A data: URL, so that the page loads nothing from elsewhere."),
});
export type Look = z.infer<typeof Look>;

/** Access to a published agent, and what its chat page shows. */
export const Admission = z.strictObject({
  access: Access.optional(),
  origins: z
    .array(Origin)
    .max(50)
    .optional()
    .describe("Origins that may embed the chat page or call the agent from a browser."),
  steps: z
    .boolean()
    .optional()
    .describe("The chat page shows tool calls by name and the media they produced, never arguments or results."),
  look: Look.optional().describe("Title, colour and logo of the chat page. Replaces all three."),
});
export type Admission = z.infer<typeof Admission>;

export const Publish = Admission.extend({
  slug: z.string().optional(),
  note: z.string().max(4000).optional().describe("Note about a new version. An unchanged graph is not a new version."),
  live: z
    .boolean()
    .optional()
    .describe(
      "Whether the published version becomes the live one. Default: yes, unless another version was made live by hand or a share of the calls is set; then nothing changes for callers.",
    ),
  share: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe("Share of calls for the published version; the live version stays and gets the rest."),
});
export type Publish = z.infer<typeof Publish>;

/** A published version. It is immutable: `graph` refers to called agents by version. */
export const AgentVersion = z.object({
  slug: z.string(),
  version: z.number(),
  agent: z.string(),
  revision: z.number(),
  note: z.string(),
  graph: typed<Graph>(),
  hash: z.string(),
  /** SHA-256 of each tool's spec at publish time, by tool name. */
  tools: z.record(z.string(), z.string()),
  publishedAt: z.number(),
});
export type AgentVersion = z.infer<typeof AgentVersion>;

/** What a slug currently serves: the live version and the access settings. */
export const Publication = z.object({
  slug: z.string(),
  agent: z.string(),
  live: z.number(),
  latest: z.number(),
  /** A second version that receives this share of the calls, 0 to 1. `since`: Unix milliseconds. */
  share: z.object({ version: z.number(), share: z.number(), since: z.number() }).optional(),
  access: Access,
  /** Changes each time that the page is shared by link anew. Part of what the link's key is made from. */
  link: z.string().optional(),
  origins: z.array(z.string()),
  /** The chat page shows the agent's steps by name. */
  steps: z.boolean().optional(),
  look: Look.optional(),
});
export type Publication = z.infer<typeof Publication>;

/** URLs of a published agent, by protocol. */
export const Urls = z.record(z.string(), z.string());

export const Published = z.object({
  slug: z.string(),
  version: z.number().describe("The version of the published graph."),
  live: z.number().describe("The live version."),
  share: Publication.shape.share,
  urls: Urls,
});
export type Published = z.infer<typeof Published>;
