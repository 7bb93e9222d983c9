/** The tool library: what there is, made by hand, imported, tried. */
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
  .describe('A tool with one of "http", "code" or "model", by its name\'s first part.');

const Listing = z.object({
  q: z.string().max(1000).optional().describe("Only what fits this question, best first."),
  binding: ToolCard.shape.binding.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  after: z.string().max(200).optional().describe("Name of the last tool of the page before."),
});

const none = { 404: "There is none." };

export function toolRoutes({ toolbox }: Pick<Services, "toolbox">) {
  const find = async (name: string): Promise<ToolCard> => {
    const card = (await toolbox.cards()).find((each) => each.name === name);
    if (!card) throw missing(name);
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
        summary: "Make a tool by hand",
        tag: "tools",
        description:
          "`http`: a request whose path, query and body hold {{argument}} slots. `code`: JavaScript in the sandbox. `model`: a question to a configured model.",
        response: ToolCard,
        status: 201,
        errors: { 409: "The name is taken." },
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
          "The report says of each operation whether it was imported, simplified or left out, and why. The same API again replaces what was imported of it.",
        response: ToolImportReport,
      }),
      body(ToolImport),
      async (c) => c.json(await toolbox.import(c.req.valid("json"))),
    )
    .post(
      "/call",
      describe({
        summary: "Try a tool",
        tag: "tools",
        description: "A failure of the tool is a result with `error`.",
        response: ToolResult,
        headers: { "Idempotency-Key": "Sent along to the tool where it can carry one." },
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
        summary: "List the tool templates that are shipped",
        tag: "tools",
        description: 'Take one in with POST /api/tools/import `{ "template": "<id>" }`.',
        response: z.object({ templates: z.array(ToolTemplate) }),
      }),
      async (c) => c.json({ templates: await readToolTemplates() }),
    )
    .get(
      "/:name{.+}",
      describe({
        summary: "Get a tool",
        tag: "tools",
        description: "With its binding where it was made by hand.",
        response: ToolCard,
        errors: none,
      }),
      async (c) => {
        const card = await find(c.req.param("name"));
        const byHand = card.binding === "http" || card.binding === "code" || card.binding === "model";
        return c.json(byHand ? { ...(await toolbox.custom(card.name)), ...card } : card);
      },
    )
    .patch(
      "/:name{.+}",
      describe({
        summary: "Change a tool",
        tag: "tools",
        description: "A tool made by hand can change whole; of any other its effect and whether it may be repeated.",
        response: ToolCard,
        errors: none,
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
            `"${other}" of an imported tool cannot be changed; its effect and repeatable can.`,
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
        summary: "Delete a tool, or all of an API",
        tag: "tools",
        description: "`openapi/<api>/*` deletes all tools of an imported API.",
        response: null,
        status: 204,
        errors: none,
      }),
      async (c) => {
        const name = c.req.param("name");
        if (!(await toolbox.delete(name))) throw missing(name);
        return c.body(null, 204);
      },
    );
}

function missing(name: string): PatchbayError {
  return new PatchbayError("not_found", `There is no tool "${name}" that was made or imported here.`);
}
