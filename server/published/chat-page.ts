/** The hosted chat page: who may open it by the publication's `access`, and the visit that its token stands for. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { modelsIn } from "../../runtime/resolve.ts";
import type { Publication } from "../contract/agent.ts";
import { describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { LIMITS, readJson } from "../http/intake.ts";
import type { Visitors } from "../keys/visitors.ts";
import type { PublishedDeps } from "./deps.ts";

const VisitBody = z.strictObject({
  key: z
    .string()
    .max(100)
    .optional()
    .describe("What stands behind ?key= in the page's address, for an agent shared by link."),
  renew: z.string().max(2000).optional().describe("The token of an earlier visit: the same session goes on."),
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
    demo: z.boolean().describe("The built-in demo answers, and no real model."),
  }),
});

export interface ChatOptions {
  agents: PublishedDeps["agents"];
  nodes: PublishedDeps["nodes"];
  models: PublishedDeps["models"];
  visitors: Visitors;
  /** Whether the admin is signed in: a private page opens for him alone. */
  isAdmin(c: Context): boolean | Promise<boolean>;
  /** The built page, with sites that may frame it. */
  page(c: Context, frames: string[]): Response | Promise<Response>;
}

export function chatRoutes({ agents, nodes, models, visitors, isAdmin, page }: ChatOptions) {
  /** The publication, if this caller may open its page. What is private looks the same as what is not there. */
  const admitted = async (
    c: Context,
    slug: string,
    key: string | undefined,
  ): Promise<{ publication: Publication; admin: boolean }> => {
    const publication = await agents.publication(slug);
    const admin = await isAdmin(c);
    const open =
      publication &&
      (admin || publication.access === "public" || (publication.access === "link" && visitors.isLinkKey(slug, key)));
    if (!publication || !open) throw new PatchbayError("not_found", "There is no such page, or it is not open to you.");
    return { publication, admin };
  };

  return new Hono<AppEnv>()
    .get(
      "/chat/:slug",
      describe({
        summary: "The chat page of a published agent",
        tag: "hosted",
        response: "text/html",
        errors: { 404: "It is not there, or not open to you." },
      }),
      async (c) => {
        const { publication } = await admitted(c, c.req.param("slug"), c.req.query("key"));
        return page(c, publication.access === "private" ? [] : publication.origins);
      },
    )
    .post(
      "/chat/:slug/visits",
      describe({
        summary: "Begin or go on with a visit: a token for one agent and one session",
        tag: "hosted",
        response: Visit,
        status: 201,
        body: VisitBody,
        errors: { 404: "It is not there, or not open to you." },
      }),
      async (c) => {
        const slug = c.req.param("slug");
        const given = VisitBody.safeParse(await readJson(c, LIMITS.hosted));
        if (!given.success) throw new PatchbayError("bad_request", "A visit is { key?, renew? }.");
        const { key, renew } = given.data;
        const { publication, admin } = await admitted(c, slug, key);
        const version = await agents.version(slug, publication.live);
        if (!version) throw new PatchbayError("not_found", "There is no such page, or it is not open to you.");
        // Strangers may talk; to let a tool act takes somebody who was given the link.
        const mayAnswer = admin || publication.access !== "public";
        const { name, description, settings } = version.graph;
        const fields = agents.inputFields(version.graph).filter((field) => field.kind !== "files");
        const demo = await isDemo(models, modelsIn(version.graph, nodes));
        const { greeting, suggestions, language } = settings;
        return c.json(
          {
            ...(await visitors.visit(slug, { mayAnswer, admin, ...(renew && { renew }) })),
            agent: { name, description, greeting, suggestions, language, fields, demo },
          },
          201,
        );
      },
    );
}

/** Whether one of the models is the demo. The run reports a model that does not exist. */
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
