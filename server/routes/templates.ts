/** Templates: what an agent can begin as. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Template, UsedTemplate } from "../contract/template.ts";
import { body, describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";
import { About, isOwn, type OwnTemplate, ownTemplates, templateFile } from "../templates/own-templates.ts";
import { readTemplates, type Template as TemplateFile } from "../templates/template.ts";
import { useTemplate } from "../templates/use-template.ts";

/** Either a graph (an agent file) with words about it, or a template file. */
const Save = z.union([
  About.extend({
    graph: z.record(z.string(), z.unknown()).describe("An agent file (format patchbay/1)."),
    language: z.enum(["en", "zh"]).optional().describe("Of the words in the graph."),
  }),
  z.strictObject({ template: z.record(z.string(), z.unknown()).describe("What `GET …/file` gave.") }),
]);
const Use = z.strictObject({
  agent: z.string().max(64).optional().describe("The agent that an earlier call made."),
  language: z.enum(["en", "zh"]).optional(),
  folder: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe("An absolute path: all that the template's MCP servers may see."),
  approve: z
    .record(z.string(), z.string())
    .optional()
    .describe("By MCP server: the `seen` of its card, which says that exactly this may start."),
});
type Parts = Pick<
  Services,
  "nodes" | "records" | "env" | "agents" | "knowledge" | "tasks" | "mcp" | "toolbox" | "secrets" | "models"
>;

export function templateRoutes(parts: Parts) {
  let all: Promise<TemplateFile[]> | undefined;
  const templates = () => {
    all ??= readTemplates();
    return all;
  };
  const own = ownTemplates(parts, parts.nodes);
  const need = async (id: string): Promise<TemplateFile | OwnTemplate> => {
    const found = isOwn(id) ? await own.get(id) : (await templates()).find((template) => template.id === id);
    if (found) return found;
    const there = (await templates()).map((template) => template.id).join(", ");
    throw new PatchbayError("not_found", `There is no template "${id.slice(0, 80)}". There are: ${there}.`);
  };
  /** An own template's id, and none else's. */
  const needOwn = async (id: string): Promise<string> => {
    const found = await need(id);
    if ("own" in found) return id;
    throw new PatchbayError(
      "conflict",
      `"${found.title.en}" comes with Patchbay: it can be used, but neither changed nor deleted.`,
    );
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List templates: those that come with Patchbay, then your own, newest first",
        tag: "templates",
        response: z.object({ templates: z.array(Template) }),
      }),
      query(Paging),
      async (c) => {
        const { limit, after } = c.req.valid("query");
        const all = await templates();
        const from = after === undefined ? 0 : isOwn(after) ? all.length : all.findIndex(({ id }) => id === after) + 1;
        const ours = all.slice(from, from + limit);
        const left = limit - ours.length;
        const more = left > 0 ? await own.list({ limit: left, ...(after && isOwn(after) && { after }) }) : [];
        return c.json({ templates: [...ours, ...more].map(card) });
      },
    )
    .post(
      "/",
      describe({
        summary: "Save an agent as a template, or import a template file",
        tag: "templates",
        description:
          "What it needs (knowledge, secrets, models) is read out of the graph. A secret's value never gets in, nor what is pinned.",
        response: Template,
        status: 201,
        errors: {
          400: "It is no template, or holds a secret's value.",
          409: "There are too many.",
          422: "It holds no agent file.",
        },
      }),
      body(Save),
      async (c) => {
        const given = c.req.valid("json");
        const made = "template" in given ? await own.import(given.template) : await own.save(given.graph, given);
        c.header("Location", `/api/templates/${made.id}`);
        return c.json(card(made), 201);
      },
    )
    .get(
      "/:id/file",
      describe({
        summary: "Get a template as a file, to be imported elsewhere",
        tag: "templates",
        errors: { 404: "There is none." },
      }),
      async (c) => c.json(templateFile(await need(c.req.param("id")))),
    )
    .patch(
      "/:id",
      describe({
        summary: "Change the words about a template of your own",
        tag: "templates",
        response: Template,
        errors: { 404: "There is none.", 409: "It comes with Patchbay." },
      }),
      body(About),
      async (c) => {
        const id = await needOwn(c.req.param("id"));
        const changed = await own.change(id, c.req.valid("json"));
        return c.json(card(changed ?? (await need(id))));
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete a template of your own; agents made from it stay",
        tag: "templates",
        response: null,
        status: 204,
        errors: { 404: "There is none.", 409: "It comes with Patchbay." },
      }),
      async (c) => {
        await own.delete(await needOwn(c.req.param("id")));
        return c.body(null, 204);
      },
    )
    .get(
      "/:id",
      describe({ summary: "Get a template", tag: "templates", response: Template, errors: { 404: "There is none." } }),
      async (c) => c.json(card(await need(c.req.param("id")))),
    )
    .post(
      "/:id/use",
      describe({
        summary: "Make an agent from a template, step by step",
        tag: "templates",
        description:
          "The first call makes the agent, puts its knowledge and tools in place, and tells what only a person can give. Call again with `agent` and more choices until no need is left that is not optional.",
        response: UsedTemplate,
        status: 201,
        errors: { 404: "There is no such template or agent.", 409: "What was approved is not what stands now." },
      }),
      body(Use),
      async (c) => {
        const used = await useTemplate(await need(c.req.param("id")), c.req.valid("json"), parts);
        return c.json({ id: used.agent.id, ...used }, 201);
      },
    );
}

function card({ needs, samples, en: _en, zh: _zh, ...template }: TemplateFile | OwnTemplate) {
  const mcpServers = needs.mcpServers.map(({ name, package: from, args }) => ({
    name,
    package: from,
    folder: args.some((arg) => arg.includes("{{folder}}")),
  }));
  return {
    ...template,
    samples: samples.map(({ knowledge, file }) => ({ knowledge, title: file.slice(file.lastIndexOf("/") + 1) })),
    needs: { ...needs, mcpServers },
    ready: mcpServers.length === 0,
    own: "own" in template,
  };
}
