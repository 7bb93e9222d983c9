/** The tool library: list, create, import and call tools. */
import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Effect, ToolResult } from "../../runtime/tool.ts";
import { ToolTemplate } from "../contract/template.ts";
import { ToolCard, ToolImport, ToolImportReport } from "../contract/tool.ts";
import { body, describe, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";
import { readToolTemplates } from "../tools/shipped-templates.ts";

const Custom = z
  .looseObject({ name: z.string(), summary: z.string() })
  .describe('A tool with one of "http", "code" or "model", matching the prefix of its name.');

const Listing = z.object({
  q: z.string().max(1000).optional().describe("Search query; results are sorted by relevance."),
  binding: ToolCard.shape.binding.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  after: z.string().max(200).optional().describe("Name of the last tool of the previous page."),
});

const notFoundError = { 404: "Not found." };

export function toolRoutes({ toolbox }: Pick<Services, "toolbox">) {
  const find = async (name: string): Promise<ToolCard> => {
    const card = (await toolbox.cards()).find((each) => each.name === name);
    if (!card) throw toolNotFound(name);
    return card;
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({ summary: "List tools", tag: "tools", response: z.object({ tools: z.array(ToolCard) }) }),
      query(Listing),
      async (c) => {
        const { q, binding, limit, after } = c.req.valid("query");
        let cards = await toolbox.cards();
        if (binding) cards = cards.filter((card) => card.binding === binding);
        if (q) {
          const byName = new Map(cards.map((card) => [card.name, card]));
          const hits = await toolbox.search(
            q,
            cards.map((card) => ({ ...card, approve: "auto" as const })),
            Math.min(limit, 200),
            c.req.raw.signal,
          );
          return c.json({ tools: hits.map((hit) => byName.get(hit.tool.name)!) });
        }
        cards = [...cards].sort((a, b) => (a.name < b.name ? -1 : 1));
        return c.json({ tools: cards.filter((card) => after === undefined || card.name > after).slice(0, limit) });
      },
    )
    .post(
      "/",
      describe({
        summary: "Create a custom tool",
        tag: "tools",
        description:
          "`http`: a request with {{argument}} slots in path, query and body. `code`: sandboxed JavaScript. `model`: a call to a configured model.",
        response: ToolCard,
        status: 201,
        errors: { 409: "The name is in use." },
      }),
      body(Custom),
      async (c) => c.json(await toolbox.save(c.req.valid("json"), { create: true }), 201),
    )
    .post(
      "/import",
      describe({
        summary: "Import tools",
        tag: "tools",
        description:
          "The report lists for each operation whether it was imported, simplified or left out, and why. Importing an API again replaces its tools.",
        response: ToolImportReport,
      }),
      body(ToolImport),
      async (c) => c.json(await toolbox.import(c.req.valid("json"))),
    )
    .post(
      "/call",
      describe({
        summary: "Call a tool",
        tag: "tools",
        description: "A tool failure is returned as a result with `error`.",
        response: ToolResult,
        headers: { "Idempotency-Key": "Passed on to tools that support it." },
      }),
      body(z.strictObject({ name: z.string().min(1).max(300), arguments: z.unknown().optional() })),
      async (c) => {
        const { name, arguments: args } = c.req.valid("json");
        const idempotencyKey = c.req.header("Idempotency-Key") ?? randomUUID();
        return c.json(
          await toolbox.call(
            { id: randomUUID(), tool: name, arguments: args ?? {} },
            { idempotencyKey },
            c.req.raw.signal,
          ),
        );
      },
    )
    .get(
      "/templates",
      describe({
        summary: "List the shipped tool templates",
        tag: "tools",
        description: 'Import one with POST /api/tools/import `{ "template": "<id>" }`.',
        response: z.object({ templates: z.array(ToolTemplate) }),
      }),
      async (c) => c.json({ templates: await readToolTemplates() }),
    )
    .get(
      "/:name{.+}",
      describe({
        summary: "Get a tool",
        tag: "tools",
        description: "A custom tool is returned with its binding.",
        response: ToolCard,
        errors: notFoundError,
      }),
      async (c) => {
        const card = await find(c.req.param("name"));
        const isCustom = card.binding === "http" || card.binding === "code" || card.binding === "model";
        return c.json(isCustom ? { ...(await toolbox.custom(card.name)), ...card } : card);
      },
    )
    .patch(
      "/:name{.+}",
      describe({
        summary: "Change a tool",
        tag: "tools",
        description: "All keys of a custom tool can be changed; for other tools only `effect` and `repeatable`.",
        response: ToolCard,
        errors: notFoundError,
      }),
      body(z.looseObject({ effect: Effect.optional(), repeatable: z.boolean().optional() })),
      async (c) => {
        const card = await find(c.req.param("name"));
        const change = c.req.valid("json");
        if (card.binding === "http" || card.binding === "code" || card.binding === "model")
          return c.json(await toolbox.save({ ...(await toolbox.custom(card.name)), ...change, name: card.name }));
        const { effect, repeatable, ...others } = change;
        const other = Object.keys(others)[0];
        if (other !== undefined)
          throw new PatchbayError(
            "bad_request",
            `"${other}" of this tool cannot be changed. Only custom tools can be edited; for other tools, set effect or repeatable.`,
            { path: `/${other}` },
          );
        return c.json(
          await toolbox.configure(card.name, {
            ...(effect && { effect }),
            ...(repeatable !== undefined && { repeatable }),
          }),
        );
      },
    )
    .delete(
      "/:name{.+}",
      describe({
        summary: "Delete a tool, or all tools of an API",
        tag: "tools",
        description: "`openapi/<api>/*` deletes all tools of an imported API.",
        response: null,
        status: 204,
        errors: notFoundError,
      }),
      async (c) => {
        const name = c.req.param("name");
        if (!(await toolbox.delete(name))) throw toolNotFound(name);
        return c.body(null, 204);
      },
    );
}

function toolNotFound(name: string): PatchbayError {
  return new PatchbayError("not_found", `The tool "${name}" was not found among custom and imported tools.`);
}
