/** Templates of agents. */
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

/** Either an agent file with title and summary, or a template file. */
const Save = z.union([
  About.extend({
    graph: z.record(z.string(), z.unknown()).describe("An agent file (format patchbay/1)."),
    language: z.enum(["en", "zh"]).optional().describe("Language of the texts in the graph."),
  }),
  z.strictObject({
    template: z.record(z.string(), z.unknown()).describe("A template file, as returned by `GET …/file`."),
  }),
]);
const Use = z.strictObject({
  agent: z.string().max(64).optional().describe("Id of the agent that an earlier call created."),
  language: z.enum(["en", "zh"]).optional(),
  folder: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe("Absolute path of the folder that the template's MCP servers may access."),
  approve: z
    .record(z.string(), z.string())
    .optional()
    .describe("Approvals: the `seen` of each MCP server, by server name."),
});
type TemplateDeps = Pick<
  Services,
  "nodes" | "records" | "env" | "agents" | "knowledge" | "tasks" | "mcp" | "toolbox" | "secrets" | "models"
>;

export function templateRoutes(deps: TemplateDeps) {
  let shippedTemplates: Promise<TemplateFile[]> | undefined;
  const shipped = () => {
    shippedTemplates ??= readTemplates();
    return shippedTemplates;
  };
  const own = ownTemplates(deps, deps.nodes);
  const getTemplate = async (id: string): Promise<TemplateFile | OwnTemplate> => {
    const found = isOwn(id) ? await own.get(id) : (await shipped()).find((template) => template.id === id);
    if (found) return found;
    const known = (await shipped()).map((template) => template.id).join(", ");
    throw new PatchbayError("not_found", `The template "${id.slice(0, 80)}" was not found. Available: ${known}.`);
  };
  /** The id, if it is of an own template. Rejects with `conflict` for a shipped one. */
  const requireOwn = async (id: string): Promise<string> => {
    const found = await getTemplate(id);
    if ("own" in found) return id;
    throw new PatchbayError(
      "conflict",
      `The template "${found.title.en}" is shipped with Patchbay and cannot be changed or deleted.`,
    );
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List templates: shipped ones first, then your own, newest first",
        tag: "templates",
        response: z.object({ templates: z.array(Template) }),
      }),
      query(Paging),
      async (c) => {
        const { limit, after } = c.req.valid("query");
        const all = await shipped();
        const from = after === undefined ? 0 : isOwn(after) ? all.length : all.findIndex(({ id }) => id === after) + 1;
        const page = all.slice(from, from + limit);
        const remaining = limit - page.length;
        const more = remaining > 0 ? await own.list({ limit: remaining, ...(after && isOwn(after) && { after }) }) : [];
        return c.json({ templates: [...page, ...more].map(card) });
      },
    )
    .post(
      "/",
      describe({
        summary: "Save an agent as a template, or import a template file",
        tag: "templates",
        description:
          "The requirements (knowledge, secrets, models) are read from the graph. Secret values and pinned outputs are never stored.",
        response: Template,
        status: 201,
        errors: {
          400: "Not a valid template, or it contains a secret's value.",
          409: "Too many templates.",
          422: "It does not contain a valid agent file.",
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
        summary: "Export a template as a file",
        tag: "templates",
        errors: { 404: "Not found." },
      }),
      async (c) => c.json(templateFile(await getTemplate(c.req.param("id")))),
    )
    .patch(
      "/:id",
      describe({
        summary: "Change the title, summary or tags of your own template",
        tag: "templates",
        response: Template,
        errors: { 404: "Not found.", 409: "The template is shipped with Patchbay." },
      }),
      body(About),
      async (c) => {
        const id = await requireOwn(c.req.param("id"));
        const changed = await own.change(id, c.req.valid("json"));
        return c.json(card(changed ?? (await getTemplate(id))));
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete your own template; agents created from it stay",
        tag: "templates",
        response: null,
        status: 204,
        errors: { 404: "Not found.", 409: "The template is shipped with Patchbay." },
      }),
      async (c) => {
        await own.delete(await requireOwn(c.req.param("id")));
        return c.body(null, 204);
      },
    )
    .get(
      "/:id",
      describe({ summary: "Get a template", tag: "templates", response: Template, errors: { 404: "Not found." } }),
      async (c) => c.json(card(await getTemplate(c.req.param("id")))),
    )
    .post(
      "/:id/use",
      describe({
        summary: "Create an agent from a template, step by step",
        tag: "templates",
        description:
          "The first call creates the agent with its knowledge and tools, and returns the missing requirements. Call again with `agent` and further input until only optional requirements are missing.",
        response: UsedTemplate,
        status: 201,
        errors: { 404: "Template or agent not found.", 409: "An MCP server changed since it was approved." },
      }),
      body(Use),
      async (c) => {
        const used = await useTemplate(await getTemplate(c.req.param("id")), c.req.valid("json"), deps);
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
