/** Templates: what an agent can begin as. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { AppEnv } from "../guard.ts";
import type { Services } from "../services.ts";
import { readTemplates, type Template } from "../templates/template.ts";
import { useTemplate } from "../templates/use-template.ts";
import { about, body } from "./describe.ts";

const Words = z.object({ en: z.string(), zh: z.string() });
const Card = z.object({
  id: z.string(),
  icon: z.string().describe("A lucide icon."),
  tags: z.array(z.string()),
  title: Words,
  summary: Words,
  language: z.enum(["en", "zh"]),
  graph: z.unknown(),
  samples: z.array(z.object({ knowledge: z.string(), title: z.string() })),
  needs: z.object({
    knowledge: z.array(z.object({ name: z.string() })),
    mcpServers: z.array(z.object({ name: z.string(), package: z.string(), folder: z.boolean() })),
    tools: z.array(z.string()),
    secrets: z.array(z.string()),
    models: z.array(z.string()),
  }),
  ready: z.boolean().describe("Nothing has to be given before its first answer."),
});
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
const Need = z.object({
  kind: z.enum(["folder", "approval", "secret", "model"]),
  optional: z.boolean(),
  server: z.string().optional(),
  name: z.string().optional(),
  card: z.unknown().optional().describe("What would start: show it, and send its `seen` back."),
});

type Parts = Pick<Services, "env" | "agents" | "knowledge" | "tasks" | "mcp" | "toolbox" | "secrets" | "models">;

export function templateRoutes(parts: Parts) {
  let all: Promise<Template[]> | undefined;
  const templates = () => {
    all ??= readTemplates();
    return all;
  };
  const need = async (id: string): Promise<Template> => {
    const found = (await templates()).find((template) => template.id === id);
    if (found) return found;
    const there = (await templates()).map((template) => template.id).join(", ");
    throw new PatchbayError("not_found", `There is no template "${id.slice(0, 80)}". There are: ${there}.`);
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      about({ summary: "List templates", tag: "templates", gives: z.object({ templates: z.array(Card) }) }),
      async (c) => c.json({ templates: (await templates()).map(card) }),
    )
    .get(
      "/:id",
      about({ summary: "Get a template", tag: "templates", gives: Card, errors: { 404: "There is none." } }),
      async (c) => c.json(card(await need(c.req.param("id")))),
    )
    .post(
      "/:id/use",
      about({
        summary: "Make an agent from a template, step by step",
        tag: "templates",
        description:
          "The first call makes the agent, puts its knowledge and tools in place, and tells what only a person can give. Call again with `agent` and more choices until no need is left that is not optional.",
        gives: z.object({ id: z.string(), agent: z.unknown(), needs: z.array(Need), tasks: z.array(z.string()) }),
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

function card({ needs, samples, en: _en, zh: _zh, ...template }: Template) {
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
  };
}
