/** MCP servers: added, looked at, approved, and only then started. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { ToolSpec } from "../../runtime/tool.ts";
import type { AppEnv } from "../guard.ts";
import type { McpServerCard, Services } from "../services.ts";
import { about, body } from "./describe.ts";

const Card = z.object({
  name: z.string(),
  transport: z.enum(["stdio", "http"]),
  url: z.string().optional(),
  headerNames: z.array(z.string()).optional(),
  argv: z.array(z.string()).optional().describe("The exact command that the approval is for."),
  envNames: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  seen: z.string().describe("Hash of what is shown; send it back with the approval."),
  status: z.enum(["needs-approval", "needs-sign-in", "stopped", "starting", "ready", "failed", "needs-review"]),
  message: z.string().optional(),
  tools: z.number(),
  rejected: z.array(z.object({ tool: z.string(), reason: z.string() })).optional(),
});

const none = { 404: "There is none." };

export function mcpServerRoutes({ mcp }: Pick<Services, "mcp">) {
  const find = async (name: string): Promise<McpServerCard> => {
    const card = (await mcp.cards()).find((each) => each.name === name);
    if (!card) throw new PatchbayError("not_found", `There is no MCP server "${name}".`);
    return card;
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      about({ summary: "List MCP servers", tag: "mcp-servers", gives: z.object({ servers: z.array(Card) }) }),
      async (c) => c.json({ servers: await mcp.cards() }),
    )
    .post(
      "/",
      about({
        summary: "Add MCP servers",
        tag: "mcp-servers",
        description:
          "One server, or a pasted `{ mcpServers: {…} }`. Values of headers and env become secrets and are never shown again. Nothing is started.",
        gives: z.object({ servers: z.array(Card) }),
        status: 201,
        errors: { 409: "A name is taken." },
      }),
      body(z.looseObject({})),
      async (c) => c.json({ servers: await mcp.add(c.req.valid("json")) }, 201),
    )
    .get("/:name", about({ summary: "Get an MCP server", tag: "mcp-servers", gives: Card, errors: none }), async (c) =>
      c.json(await find(c.req.param("name"))),
    )
    .patch(
      "/:name",
      about({
        summary: "Change an MCP server",
        tag: "mcp-servers",
        description: "Keys that are left out stay; `null` takes one away. What changes what runs needs a new approval.",
        gives: Card,
        errors: none,
      }),
      body(z.looseObject({})),
      async (c) => c.json(await mcp.change(c.req.param("name"), c.req.valid("json"))),
    )
    .delete(
      "/:name",
      about({
        summary: "Delete an MCP server",
        tag: "mcp-servers",
        description: "Ends it and deletes its secrets.",
        gives: null,
        status: 204,
        errors: none,
      }),
      async (c) => {
        await find(c.req.param("name"));
        await mcp.delete(c.req.param("name"));
        return c.body(null, 204);
      },
    )
    .post(
      "/:name/approve",
      about({
        summary: "Approve an MCP server as it stands",
        tag: "mcp-servers",
        description:
          "Starts it and pins its tools; also the answer to `needs-review`. A failed start shows in `status` and `message`.",
        gives: Card,
        errors: { ...none, 409: "It changed after it was shown." },
      }),
      body(z.strictObject({ seen: z.string().optional() })),
      async (c) => c.json(await mcp.approve(c.req.param("name"), c.req.valid("json").seen)),
    )
    .get(
      "/:name/tools",
      about({
        summary: "List an MCP server's pinned tools",
        tag: "mcp-servers",
        gives: z.object({ tools: z.array(ToolSpec) }),
        errors: none,
      }),
      async (c) => c.json({ tools: await mcp.tools(c.req.param("name"), c.req.raw.signal) }),
    );
}
