/** MCP servers. A server starts only after the admin has approved it. */
import { Hono } from "hono";
import { z } from "zod";
import { McpServerCard, McpTool } from "../contract/mcp-server.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

const notFoundError = { 404: "Not found." };

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
          "One server, or `{ mcpServers: {…} }` as in other clients. Header values and credentials in the environment become secrets and are never returned; other environment values are shown for the approval. No server is started.",
        response: z.object({ servers: z.array(McpServerCard) }),
        status: 201,
        errors: { 409: "A name is in use." },
      }),
      body(z.looseObject({})),
      async (c) => c.json({ servers: await mcp.add(c.req.valid("json")) }, 201),
    )
    .get(
      "/oauth/callback",
      describe({
        summary: "OAuth redirect URI of the sign-in to an MCP server",
        tag: "mcp-servers",
        description: "The authorization server redirects the admin's browser here.",
        response: "text/html",
        errors: { 403: "The sign-in was not started here, is already complete, or has expired." },
      }),
      async (c) => {
        const card = await mcp.finishSignIn(new URL(c.req.url).searchParams);
        return c.html(signedInPage(card));
      },
    )
    .get(
      "/:name",
      describe({ summary: "Get an MCP server", tag: "mcp-servers", response: McpServerCard, errors: notFoundError }),
      async (c) => c.json(await find(c.req.param("name"))),
    )
    .patch(
      "/:name",
      describe({
        summary: "Change an MCP server",
        tag: "mcp-servers",
        description:
          "Omitted keys stay unchanged; `null` removes a key. A change to the command, URL or environment needs a new approval. `limits` are `startMs`, `callMs` and `callTotalMs`. `acceptHints: true` accepts what the server says about its tools: those that it calls read-only run without asking.",
        response: McpServerCard,
        errors: notFoundError,
      }),
      body(z.looseObject({})),
      async (c) => c.json(await mcp.change(c.req.param("name"), c.req.valid("json"))),
    )
    .delete(
      "/:name",
      describe({
        summary: "Delete an MCP server",
        tag: "mcp-servers",
        description: "Stops the server and deletes its secrets.",
        response: null,
        status: 204,
        errors: notFoundError,
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
        summary: "Approve an MCP server",
        tag: "mcp-servers",
        description:
          "Starts the server and pins its tools. Also used in the status `needs-review`. `status` and `message` report a failed start. `confirmEnv` names the variables marked `unknown` that you checked.",
        response: McpServerCard,
        errors: { ...notFoundError, 409: "The configuration differs from `seen`." },
      }),
      body(z.strictObject({ seen: z.string().optional(), confirmEnv: z.array(z.string()).max(200).optional() })),
      async (c) => {
        const { seen, confirmEnv } = c.req.valid("json");
        return c.json(await mcp.approve(c.req.param("name"), seen, confirmEnv));
      },
    )
    .post(
      "/:name/sign-in",
      describe({
        summary: "Start a sign-in to an MCP server",
        tag: "mcp-servers",
        description:
          "OAuth 2.1 with PKCE. Open `url` in the admin's browser; it redirects to `/api/mcp-servers/oauth/callback`.",
        response: z.object({ url: z.string() }),
        errors: notFoundError,
      }),
      async (c) => c.json(await mcp.signIn(c.req.param("name"), env.url ?? new URL(c.req.url).origin)),
    )
    .get(
      "/:name/tools",
      describe({
        summary: "List an MCP server's pinned tools",
        tag: "mcp-servers",
        response: z.object({ tools: z.array(McpTool) }),
        errors: notFoundError,
      }),
      async (c) => c.json({ tools: await mcp.tools(c.req.param("name"), c.req.raw.signal) }),
    );
}

/** The page shown after a sign-in. It has no scripts and sends no referrer. */
function signedInPage({ name, status, message }: McpServerCard): string {
  const html = (text: string) => text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const ready = status === "ready";
  const words = ready
    ? `Signed in to ${html(name)}. You can close this window. · 已登录 ${html(name)}，可以关闭此窗口。`
    : `Signed in, but ${html(name)} is not ready: ${html(message ?? status)}`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Patchbay</title><body style="font:16px system-ui;margin:20vh auto;max-width:32rem;padding:0 1rem;text-align:center"><p>${words}</p><p><a href="/">Patchbay</a></p></body></html>`;
}
