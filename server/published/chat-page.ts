/** The hosted chat page: access by the publication's settings, and visitor tokens. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { modelsIn } from "../../runtime/resolve.ts";
import { Look, type Publication } from "../contract/agent.ts";
import { describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { LIMITS, readJson } from "../http/intake.ts";
import type { Visitors } from "../keys/visitors.ts";
import type { PublishedDeps } from "./deps.ts";

const VisitBody = z.strictObject({
  key: z.string().max(100).optional().describe("The parameter `key` of the page's URL, for an agent shared by link."),
  renew: z.string().max(2000).optional().describe("The token of an earlier visit, to continue its session."),
});

const Visit = z.object({
  token: z.string(),
  session: z.string(),
  expiresAt: z.number(),
  agent: z.object({
    name: z.string(),
    description: z.string(),
    greeting: z.string(),
    suggestions: z.array(z.string()),
    language: z.enum(["auto", "en", "zh"]),
    fields: z.array(z.unknown()),
    files: z.boolean().describe("Files can be attached."),
    look: Look,
    demo: z.boolean().describe("The agent uses the built-in demo model."),
  }),
});

export interface ChatOptions {
  agents: PublishedDeps["agents"];
  nodes: PublishedDeps["nodes"];
  models: PublishedDeps["models"];
  visitors: Visitors;
  /** By which visits are counted. */
  callerOf(c: Context): string;
  /** Whether the caller is the admin, who may open private pages. */
  isAdmin(c: Context): boolean | Promise<boolean>;
  /** The built page. `frames`: origins that may embed it. */
  page(c: Context, frames: string[]): Response | Promise<Response>;
}

export function chatRoutes({ agents, nodes, models, visitors, callerOf, isAdmin, page }: ChatOptions) {
  /** The publication, if the caller may open its page. A private page is reported as not found. */
  const authorize = async (
    c: Context,
    slug: string,
    key: string | undefined,
  ): Promise<{ publication: Publication; admin: boolean }> => {
    const publication = await agents.publication(slug);
    const admin = await isAdmin(c);
    const open =
      publication &&
      (admin ||
        publication.access === "public" ||
        (publication.access === "link" && visitors.isLinkKey(publication, key)));
    if (!publication || !open)
      throw new PatchbayError("not_found", "This page was not found, or you do not have access.");
    return { publication, admin };
  };

  return new Hono<AppEnv>()
    .get(
      "/chat/:slug",
      describe({
        summary: "Open the chat page of a published agent",
        tag: "hosted",
        response: "text/html",
        errors: { 404: "Not found, or no access." },
      }),
      async (c) => {
        const slug = c.req.param("slug");
        try {
          const { publication } = await authorize(c, slug, c.req.query("key"));
          return page(c, publication.access === "private" ? [] : publication.origins);
        } catch (error) {
          if (!(error instanceof PatchbayError) || error.code !== "not_found") throw error;
          if (!c.req.header("accept")?.includes("text/html")) throw error;
          // A person gets the page, which says so in their language, with the status for programs.
          const { body, headers } = await page(c, []);
          return new Response(body, { status: 404, headers });
        }
      },
    )
    .post(
      "/chat/:slug/visits",
      describe({
        summary: "Start or renew a visit: a token for one agent and one session",
        tag: "hosted",
        response: Visit,
        status: 201,
        body: VisitBody,
        errors: { 404: "Not found, or no access." },
      }),
      async (c) => {
        const slug = c.req.param("slug");
        const given = VisitBody.safeParse(await readJson(c, LIMITS.hosted));
        if (!given.success) throw new PatchbayError("bad_request", "The body must be { key?, renew? }.");
        const { key, renew } = given.data;
        const { publication, admin } = await authorize(c, slug, key);
        const version = await agents.version(slug, publication.live);
        if (!version) throw new PatchbayError("not_found", "This page was not found, or you do not have access.");
        // Visitors of a public page may chat but not approve tool calls. That needs the link or the admin.
        const mayAnswer = admin || publication.access !== "public";
        const { name, description, settings } = version.graph;
        const fields = agents.inputFields(version.graph).filter((field) => field.kind !== "files");
        const demo = await isDemo(models, modelsIn(version.graph, nodes));
        const { greeting, suggestions, language } = settings;
        return c.json(
          {
            ...(await visitors.visit(publication, { mayAnswer, admin, caller: callerOf(c), ...(renew && { renew }) })),
            agent: {
              name,
              description,
              greeting,
              suggestions,
              language,
              fields,
              files: agents.readsFiles(version.graph),
              look: publication.look ?? {},
              demo,
            },
          },
          201,
        );
      },
    );
}

/** Whether one of the models is the demo. A missing model is ignored: the run reports it. */
async function isDemo(models: PublishedDeps["models"], names: ReadonlySet<string>): Promise<boolean> {
  const found = await Promise.all(
    [...names].map((name) =>
      models.resolve(name).catch((error: unknown) => {
        if (!(error instanceof PatchbayError)) throw error;
      }),
    ),
  );
  return found.some((model) => model?.demo === true);
}
