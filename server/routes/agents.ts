/** Agents: drafts, revisions and publishing. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Issue } from "../../runtime/issue.ts";
import {
  Admission,
  Agent,
  AgentCard,
  AgentLabels,
  AgentVersion,
  Publication,
  Publish,
  Published,
  Revision,
  SavedAgent,
  Urls,
} from "../contract/agent.ts";
import { body, describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

/** The agent file. `parseGraph` checks it and reports each issue with its path. */
const GraphBody = z.object({ graph: z.record(z.string(), z.unknown()).describe("An agent file (format patchbay/1).") });

const View = z
  .enum(["whole", "cards"])
  .default("whole")
  .describe("`cards` returns the ports of each agent instead of its graph and issues.");

const Live = z.strictObject({
  version: z.number().int().min(1),
  share: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Share of calls for this version, 0 to 1; the live version gets the rest."),
});

export function agentRoutes({
  agents,
  env,
  visitors,
  triggers,
  labels,
}: Pick<Services, "agents" | "env" | "visitors" | "triggers" | "labels">) {
  const labelled = async <T extends { id: string }>(agent: T) => ({ ...agent, ...(await labels.all()).get(agent.id) });
  /** URLs of a published agent, by protocol. */
  const urlsOf = (c: Context, publication: Publication) => {
    const { slug, access } = publication;
    const base = env.url ?? new URL(c.req.url).origin;
    return {
      runs: `${base}/v1/agents/${slug}/runs`,
      openapi: `${base}/v1/agents/${slug}/openapi.json`,
      openai: `${base}/v1`,
      mcp: `${base}/mcp/${slug}`,
      a2a: `${base}/v1/a2a/${slug}`,
      chat: `${base}/chat/${slug}${access === "link" ? `?key=${visitors.linkKey(publication)}` : ""}`,
      embed: `${base}/embed.js`,
    };
  };

  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List agents, newest first",
        tag: "agents",
        response: z.object({ agents: z.array(z.union([Agent, AgentCard])) }),
      }),
      query(Paging.extend({ view: View })),
      async (c) => {
        const { view, ...page } = c.req.valid("query");
        const list: (Agent | AgentCard)[] = view === "cards" ? await agents.cards(page) : await agents.list(page);
        return c.json({ agents: await Promise.all(list.map(labelled)) });
      },
    )
    .post(
      "/",
      describe({
        summary: "Create an agent",
        tag: "agents",
        description: "A well-formed graph with issues is saved too, but it cannot be run or published.",
        response: Agent,
        status: 201,
        errors: { 422: "Not a valid agent file." },
      }),
      body(GraphBody),
      async (c) => {
        const agent = await agents.create(c.req.valid("json").graph);
        c.header("Location", `/api/agents/${agent.id}`);
        return agentResponse(c, agent, 201);
      },
    )
    .get(
      "/:id",
      describe({ summary: "Get an agent", tag: "agents", response: Agent, errors: { 404: "Not found." } }),
      async (c) => agentResponse(c, await labelled(await agents.get(c.req.param("id")))),
    )
    .put(
      "/:id",
      describe({
        summary: "Save an agent",
        tag: "agents",
        description:
          "Returns the new revision and the graph's issues. When only positions change, the issues can be up to 30 seconds old.",
        response: SavedAgent,
        headers: { "If-Match": "The revision that was edited, in quotes." },
        errors: {
          404: "Not found.",
          409: "The agent has a newer revision.",
          422: "Not a valid agent file.",
          428: "If-Match is missing.",
        },
      }),
      body(GraphBody),
      async (c) => {
        const { id, revision, issues } = await agents.update(c.req.param("id"), c.req.valid("json").graph, ifMatch(c));
        c.header("ETag", `"${revision}"`);
        return c.json({ id, revision, issues });
      },
    )
    .patch(
      "/:id",
      describe({
        summary: "Change the name, description, folder or tags of an agent",
        description: "Folder and tags change no revision.",
        tag: "agents",
        response: Agent,
        headers: { "If-Match": "The revision that was edited, in quotes. Default: the latest revision." },
        errors: { 404: "Not found.", 409: "The agent has a newer revision." },
      }),
      body(
        z.strictObject({
          name: z.string().min(1).max(200).optional(),
          description: z.string().max(4000).optional(),
          ...AgentLabels.shape,
        }),
      ),
      async (c) => {
        const agent = await agents.get(c.req.param("id"));
        const revision = c.req.header("if-match") === undefined ? agent.revision : ifMatch(c);
        const { folder, tags, ...words } = c.req.valid("json");
        const renamed =
          Object.keys(words).length > 0 ? await agents.update(agent.id, { ...agent.graph, ...words }, revision) : agent;
        if (folder !== undefined || tags !== undefined)
          await labels.set(agent.id, { ...(folder !== undefined && { folder }), ...(tags && { tags }) });
        return agentResponse(c, await labelled(renamed));
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete an agent with its history and versions",
        tag: "agents",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const id = c.req.param("id");
        if (!(await agents.delete(id))) throw notFound("agent", id);
        await triggers.deleteAll(id);
        await labels.delete(id);
        return c.body(null, 204);
      },
    )
    .get(
      "/:id/revisions",
      describe({
        summary: "List an agent's revisions, newest first",
        tag: "agents",
        response: z.object({ revisions: z.array(Revision) }),
        errors: { 404: "Not found." },
      }),
      async (c) => c.json({ revisions: await agents.revisions(c.req.param("id")) }),
    )
    .get(
      "/:id/revisions/:n",
      describe({
        summary: "Get a revision of an agent",
        tag: "agents",
        response: Agent,
        errors: { 404: "Not found." },
      }),
      async (c) => c.json(await agents.revision(c.req.param("id"), revisionNumber(c.req.param("n")))),
    )
    .patch(
      "/:id/revisions/:n",
      describe({
        summary: "Name a revision; named revisions are kept",
        tag: "agents",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      body(z.strictObject({ label: z.string().trim().max(200).describe("An empty label removes the name.") })),
      async (c) => {
        await agents.nameRevision(c.req.param("id"), revisionNumber(c.req.param("n")), c.req.valid("json").label);
        return c.body(null, 204);
      },
    )
    .post(
      "/:id/publish",
      describe({
        summary: "Publish an agent as a new version",
        tag: "agents",
        description:
          "A new version becomes live, unless another one was made live by hand, a share of the calls is set, or `live` is false. An unchanged graph is the same version.",
        response: Published,
        errors: { 404: "Not found.", 409: "The slug is in use.", 422: "The graph has issues." },
      }),
      body(Publish),
      async (c) => {
        const { slug, version } = await agents.publish(c.req.param("id"), c.req.valid("json"));
        const publication = (await agents.publication(slug))!;
        const { live, share } = publication;
        return c.json({ slug, version, live, ...(share && { share }), urls: urlsOf(c, publication) });
      },
    )
    .patch(
      "/:id/publication",
      describe({
        summary: "Change access settings and what the chat page shows, without a new version",
        tag: "agents",
        response: z.object({ publication: Publication, urls: Urls }),
        errors: { 404: "The agent is not published." },
      }),
      body(Admission),
      async (c) => {
        const publication = await agents.setPublication(c.req.param("id"), c.req.valid("json"));
        return c.json({ publication, urls: urlsOf(c, publication) });
      },
    )
    .get(
      "/:id/versions",
      describe({
        summary: "List an agent's published versions, newest first",
        tag: "agents",
        response: z.object({
          publication: Publication.optional(),
          urls: Urls.optional(),
          versions: z.array(AgentVersion),
        }),
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const versions = await agents.versions(c.req.param("id"));
        const publication = versions[0] && (await agents.publication(versions[0].slug));
        return c.json({ ...(publication && { publication, urls: urlsOf(c, publication) }), versions });
      },
    )
    .post(
      "/:id/live",
      describe({
        summary: "Promote or roll back to a version",
        tag: "agents",
        response: Publication,
        errors: { 404: "Version not found." },
      }),
      body(Live),
      async (c) => c.json(await agents.setLive(c.req.param("id"), c.req.valid("json"))),
    );
}

/** `POST /api/check`: the same check as in the editor and the CLI. */
export function checkRoutes({ agents }: Pick<Services, "agents">) {
  return new Hono<AppEnv>().post(
    "/",
    describe({
      summary: "Validate a graph",
      tag: "agents",
      response: z.object({ issues: z.array(Issue) }),
    }),
    body(z.object({ graph: z.unknown() })),
    async (c) => c.json({ issues: await agents.check(c.req.valid("json").graph) }),
  );
}

function agentResponse(c: Context, agent: Agent, status: 200 | 201 = 200) {
  c.header("ETag", `"${agent.revision}"`);
  return c.json(agent, status);
}

/** The revision in `If-Match`. Throws `precondition_required` without the header. */
function ifMatch(c: Context): number {
  const header = c.req.header("if-match");
  if (header === undefined)
    throw new PatchbayError(
      "precondition_required",
      'The header If-Match is missing. Send the revision that you edited as If-Match: "<revision>".',
    );
  const match = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(header);
  if (!match)
    throw new PatchbayError(
      "bad_request",
      `If-Match "${header.slice(0, 50)}" is not a revision. Send a number in quotes, such as "3".`,
    );
  return Number(match[1]);
}

function revisionNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new PatchbayError("not_found", `"${text.slice(0, 50)}" is not a revision number.`);
  return Number(text);
}
