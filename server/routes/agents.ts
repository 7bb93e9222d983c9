/** Agents: drafts, their revisions, and what is published of them. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Issue } from "../../runtime/issue.ts";
import {
  Admission,
  Agent,
  AgentCard,
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

/** The agent file; checked by `parseGraph`, which names every fault by its place. */
const GraphBody = z.object({ graph: z.record(z.string(), z.unknown()).describe("An agent file (format patchbay/1).") });

const View = z
  .enum(["whole", "cards"])
  .default("whole")
  .describe("`cards` leaves out graphs and issues, and says what each agent takes and gives as a node.");

const Live = z.strictObject({
  version: z.number().int().min(1),
  share: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("The share of calls this version takes; the rest stays with the live one."),
});

export function agentRoutes({
  agents,
  env,
  visitors,
  triggers,
}: Pick<Services, "agents" | "env" | "visitors" | "triggers">) {
  /** Where a published agent is reached, by the kind of who comes. */
  const urlsOf = (c: Context, { slug, access }: Publication) => {
    const base = env.url ?? new URL(c.req.url).origin;
    return {
      runs: `${base}/v1/agents/${slug}/runs`,
      openapi: `${base}/v1/agents/${slug}/openapi.json`,
      openai: `${base}/v1`,
      mcp: `${base}/mcp/${slug}`,
      a2a: `${base}/v1/a2a/${slug}`,
      chat: `${base}/chat/${slug}${access === "link" ? `?key=${visitors.linkKey(slug)}` : ""}`,
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
        return c.json({ agents: view === "cards" ? await agents.cards(page) : await agents.list(page) });
      },
    )
    .post(
      "/",
      describe({
        summary: "Create an agent",
        tag: "agents",
        description: "A well-formed graph is saved also when it has issues; running and publishing refuse it then.",
        response: Agent,
        status: 201,
        errors: { 422: "It is no agent file." },
      }),
      body(GraphBody),
      async (c) => {
        const agent = await agents.create(c.req.valid("json").graph);
        c.header("Location", `/api/agents/${agent.id}`);
        return tagged(c, agent, 201);
      },
    )
    .get(
      "/:id",
      describe({ summary: "Get an agent", tag: "agents", response: Agent, errors: { 404: "There is none." } }),
      async (c) => tagged(c, await agents.get(c.req.param("id"))),
    )
    .put(
      "/:id",
      describe({
        summary: "Save an agent",
        tag: "agents",
        description:
          "Answers the new revision and the graph's issues. While only positions change, the issues may be half a minute old.",
        response: SavedAgent,
        headers: { "If-Match": "The revision that was changed, in quotes." },
        errors: {
          404: "There is none.",
          409: "It was changed elsewhere.",
          422: "It is no agent file.",
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
        summary: "Rename an agent or change its description",
        tag: "agents",
        response: Agent,
        headers: { "If-Match": "The revision that was changed, in quotes; without it the latest is changed." },
        errors: { 404: "There is none.", 409: "It was changed elsewhere." },
      }),
      body(
        z.strictObject({ name: z.string().min(1).max(200).optional(), description: z.string().max(4000).optional() }),
      ),
      async (c) => {
        const agent = await agents.get(c.req.param("id"));
        const revision = c.req.header("if-match") === undefined ? agent.revision : ifMatch(c);
        return tagged(c, await agents.update(agent.id, { ...agent.graph, ...c.req.valid("json") }, revision));
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete an agent with its history and versions",
        tag: "agents",
        response: null,
        status: 204,
        errors: { 404: "There is none." },
      }),
      async (c) => {
        const id = c.req.param("id");
        if (!(await agents.delete(id))) throw notFound("agent", id);
        await triggers.deleteAll(id);
        return c.body(null, 204);
      },
    )
    .get(
      "/:id/revisions",
      describe({
        summary: "List what an agent was, newest first",
        tag: "agents",
        response: z.object({ revisions: z.array(Revision) }),
        errors: { 404: "There is none." },
      }),
      async (c) => c.json({ revisions: await agents.revisions(c.req.param("id")) }),
    )
    .get(
      "/:id/revisions/:n",
      describe({
        summary: "Get an agent as it was",
        tag: "agents",
        response: Agent,
        errors: { 404: "There is none." },
      }),
      async (c) => c.json(await agents.revision(c.req.param("id"), wholeNumber(c.req.param("n")))),
    )
    .patch(
      "/:id/revisions/:n",
      describe({
        summary: "Name a revision, so that it is found again and kept",
        tag: "agents",
        response: null,
        status: 204,
        errors: { 404: "There is none." },
      }),
      body(z.strictObject({ label: z.string().trim().max(200).describe("Empty takes the name away.") })),
      async (c) => {
        await agents.nameRevision(c.req.param("id"), wholeNumber(c.req.param("n")), c.req.valid("json").label);
        return c.body(null, 204);
      },
    )
    .post(
      "/:id/publish",
      describe({
        summary: "Publish an agent: freeze it as a new version and make that live",
        tag: "agents",
        response: Published,
        errors: { 404: "There is none.", 409: "The address is taken.", 422: "It has issues." },
      }),
      body(Publish),
      async (c) => {
        const { slug, version } = await agents.publish(c.req.param("id"), c.req.valid("json"));
        const publication = (await agents.publication(slug))!;
        return c.json({ slug, version, urls: urlsOf(c, publication) });
      },
    )
    .patch(
      "/:id/publication",
      describe({
        summary: "Change who may open the chat page and what it shows; no version changes",
        tag: "agents",
        response: z.object({ publication: Publication, urls: Urls }),
        errors: { 404: "It is not published." },
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
        errors: { 404: "There is none." },
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
        summary: "Promote a version, or roll back to one",
        tag: "agents",
        response: Publication,
        errors: { 404: "There is no such version." },
      }),
      body(Live),
      async (c) => c.json(await agents.setLive(c.req.param("id"), c.req.valid("json"))),
    );
}

/** `POST /api/check`: the verdict of the editor and the CLI. */
export function checkRoutes({ agents }: Pick<Services, "agents">) {
  return new Hono<AppEnv>().post(
    "/",
    describe({
      summary: "Say what is wrong with a graph",
      tag: "agents",
      response: z.object({ issues: z.array(Issue) }),
    }),
    body(z.object({ graph: z.unknown() })),
    async (c) => c.json({ issues: await agents.check(c.req.valid("json").graph) }),
  );
}

function tagged(c: Context, agent: Agent, status: 200 | 201 = 200) {
  c.header("ETag", `"${agent.revision}"`);
  return c.json(agent, status);
}

/** The revision in `If-Match`. Throws `precondition_required` without one. */
function ifMatch(c: Context): number {
  const header = c.req.header("if-match");
  if (header === undefined)
    throw new PatchbayError(
      "precondition_required",
      'Send the revision you changed as If-Match: "<revision>", so that nobody\'s work is overwritten.',
    );
  const match = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(header);
  if (!match)
    throw new PatchbayError(
      "bad_request",
      `If-Match "${header.slice(0, 50)}" is no revision; send it as "3", quotes included.`,
    );
  return Number(match[1]);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new PatchbayError("not_found", `"${text.slice(0, 50)}" is no revision.`);
  return Number(text);
}
