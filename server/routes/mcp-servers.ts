/** MCP servers: added, looked at, approved, and only then started. */
import { Hono } from "hono";
import { z } from "zod";
import { ToolSpec } from "../../runtime/tool.ts";
import { McpServerCard } from "../contract/mcp-server.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

const none = { 404: "There is none." };

export function mcpServerRoutes({ mcp, env }: Pick<Services, "mcp"> & { env: Pick<Services["env"], "url"> }) {
  const find = async (name: string): Promise<McpServerCard> => {
    const card = (await mcp.cards()).find((each) => each.name === name);
    if (!card) throw notFound("MCP server", name);
    return card;
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List MCP servers",
        tag: "mcp-servers",
        response: z.object({ servers: z.array(McpServerCard) }),
      }),
      async (c) => c.json({ servers: await mcp.cards() }),
    )
    .post(
      "/",
      describe({
        summary: "Add MCP servers",
        tag: "mcp-servers",
        description:
          "One server, or a pasted `{ mcpServers: {…} }`. Values of headers and env become secrets and are never shown again. Nothing is started.",
        response: z.object({ servers: z.array(McpServerCard) }),
        status: 201,
        errors: { 409: "A name is taken." },
      }),
      body(z.looseObject({})),
      async (c) => c.json({ servers: await mcp.add(c.req.valid("json")) }, 201),
    )
    .get(
      "/oauth/callback",
      describe({
        summary: "The way back from a sign-in",
        tag: "mcp-servers",
        description: "The page of the authorization server sends the admin's browser here.",
        response: "text/html",
        errors: { 403: "It was not begun here, was used before, or took too long." },
      }),
      async (c) => {
        const card = await mcp.finishSignIn(new URL(c.req.url).searchParams);
        return c.html(signedInPage(card));
      },
    )
    .get(
      "/:name",
      describe({ summary: "Get an MCP server", tag: "mcp-servers", response: McpServerCard, errors: none }),
      async (c) => c.json(await find(c.req.param("name"))),
    )
    .patch(
      "/:name",
      describe({
        summary: "Change an MCP server",
        tag: "mcp-servers",
        description: "Keys that are left out stay; `null` takes one away. What changes what runs needs a new approval.",
        response: McpServerCard,
        errors: none,
      }),
      body(z.looseObject({})),
      async (c) => c.json(await mcp.change(c.req.param("name"), c.req.valid("json"))),
    )
    .delete(
      "/:name",
      describe({
        summary: "Delete an MCP server",
        tag: "mcp-servers",
        description: "Ends it and deletes its secrets.",
        response: null,
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
      describe({
        summary: "Approve an MCP server as it stands",
        tag: "mcp-servers",
        description:
          "Starts it and pins its tools; also the answer to `needs-review`. A failed start shows in `status` and `message`.",
        response: McpServerCard,
        errors: { ...none, 409: "It changed after it was shown." },
      }),
      body(z.strictObject({ seen: z.string().optional() })),
      async (c) => c.json(await mcp.approve(c.req.param("name"), c.req.valid("json").seen)),
    )
    .post(
      "/:name/sign-in",
      describe({
        summary: "Begin a sign-in at an MCP server",
        tag: "mcp-servers",
        description:
          "OAuth 2.1 with PKCE. Open the address in the admin's browser; it comes back to `/api/mcp-servers/oauth/callback`.",
        response: z.object({ url: z.string() }),
        errors: none,
      }),
      async (c) => c.json(await mcp.signIn(c.req.param("name"), env.url ?? new URL(c.req.url).origin)),
    )
    .get(
      "/:name/tools",
      describe({
        summary: "List an MCP server's pinned tools",
        tag: "mcp-servers",
        response: z.object({ tools: z.array(ToolSpec) }),
        errors: none,
      }),
      async (c) => c.json({ tools: await mcp.tools(c.req.param("name"), c.req.raw.signal) }),
    );
}

/** Says that it is done, and tells the page that opened it. No script of anyone else, no address to leak. */
function signedInPage({ name, status, message }: McpServerCard): string {
  const html = (text: string) => text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const ready = status === "ready";
  const words = ready
    ? `Signed in to ${html(name)}. You can close this window. · 已登录 ${html(name)}，可以关闭此窗口。`
    : `Signed in, but ${html(name)} is not ready: ${html(message ?? status)}`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Patchbay</title><body style="font:16px system-ui;margin:20vh auto;max-width:32rem;padding:0 1rem;text-align:center"><p>${words}</p><p><a href="/">Patchbay</a></p></body></html>`;
}
