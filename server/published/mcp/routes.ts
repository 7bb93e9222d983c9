/**
 * Published agents as an MCP server over Streamable HTTP: `/mcp/:slug` offers one agent, `/mcp` all that the key may call.
 * Supports old and new protocol versions. Requests are stateless; only calls in progress are kept in memory.
 */
import type { McpRequestContext, Server } from "@modelcontextprotocol/server";
import { type Context, Hono } from "hono";
import { PatchbayError } from "../../../runtime/error.ts";
import { describe } from "../../http/describe.ts";
import type { AppEnv } from "../../http/guard.ts";
import { LIMITS, readJson } from "../../http/intake.ts";
import type { CallerKey } from "../../keys/service.ts";
import { newId } from "../../lib/ids.ts";
import { callable, type HostedServices, targetOf } from "../agent-call.ts";
import type { PublishedDeps } from "../deps.ts";
import { agentTool, callAgentTool } from "./agent-tool.ts";
import { Calls } from "./calls.ts";

type McpServices = HostedServices & Pick<PublishedDeps, "env">;

/** Context of a request, passed through the SDK to the server created for it. */
interface RequestContext {
  key: CallerKey;
  slug?: string;
  version?: number;
  session: string;
  gone: AbortSignal;
}

export function mcpRoutes(services: McpServices) {
  const calls = new Calls();
  // The SDK is loaded at the first call.
  const openHandler = async () => {
    const { createMcpHandler } = await import("@modelcontextprotocol/server");
    return createMcpHandler((context) => serverFor(services, calls, context), { maxRequestBodySize: LIMITS.hosted });
  };
  let handler: ReturnType<typeof openHandler> | undefined;

  const handle = async (c: Context<AppEnv>): Promise<Response> => {
    const key = c.get("key");
    await checkOrigin(c, services);
    const name = c.req.param("slug");
    const target = name === undefined ? undefined : await targetOf(services, key, name);
    if (name === undefined && !key.rights.includes("run")) {
      throw new PatchbayError("forbidden", `The key "${key.name}" does not have the right "run".`);
    }
    const parsedBody = c.req.method === "POST" ? await readJson(c, LIMITS.hosted) : undefined;
    // Older clients send a session id. It only limits the scope of cancellations and grants no access.
    const session = c.req.header("mcp-session-id")?.slice(0, 100) ?? newId();
    calls.handleCancelled(scopeOf(key, session), parsedBody);
    const request: RequestContext = { key, ...target, session, gone: c.req.raw.signal };
    handler ??= openHandler();
    const response = await (await handler).fetch(c.req.raw, {
      parsedBody,
      authInfo: { token: key.prefix, clientId: key.id, scopes: key.rights, extra: { request } },
    });
    if (!isInitialize(parsedBody) || !response.ok) return response;
    const withSession = new Response(response.body, response);
    withSession.headers.set("mcp-session-id", session);
    return withSession;
  };

  const description = (what: string) =>
    describe({
      summary: `${what} as an MCP server (Streamable HTTP)`,
      tag: "hosted",
      body: { media: "application/json", description: "An MCP JSON-RPC message." },
      errors: {
        403: "The origin is not allowed, or the key does not have the right `run`.",
        404: "Agent not found for this key.",
      },
    });
  return new Hono<AppEnv>()
    .post("/", description("All agents of the key"), handle)
    .post("/:slug", description("One agent"), handle)
    .on(["GET", "DELETE"], ["/", "/:slug"], handle);
}

async function serverFor(services: McpServices, calls: Calls, context: McpRequestContext): Promise<Server> {
  const request = context.authInfo?.extra?.request as RequestContext;
  const { key, slug, session } = request;
  const versions = await versionsFor(services, request);
  const one = slug === undefined ? undefined : versions[0];
  const { Server } = await import("@modelcontextprotocol/server");
  const server = new Server(
    { name: slug ?? "patchbay", title: one?.graph.name ?? "Patchbay agents", version: one ? String(one.version) : "1" },
    { capabilities: { tools: {} }, ...(one?.graph.description && { instructions: one.graph.description }) },
  );
  server.setRequestHandler("tools/list", async () => ({
    tools: versions.map(({ slug: name, graph }) => agentTool(name, graph, services.agents.inputFields(graph))),
  }));
  server.setRequestHandler("tools/call", async (toolRequest, ctx) => {
    const { name, arguments: given = {} } = toolRequest.params;
    const found = versions.find((version) => version.slug === name);
    if (!found) return { content: [{ type: "text", text: `The tool "${name}" was not found.` }], isError: true };
    const token = ctx.mcpReq._meta?.progressToken;
    const call = calls.begin(scopeOf(key, session), ctx.mcpReq.id, [ctx.mcpReq.signal, request.gone]);
    try {
      return await callAgentTool(services, given, {
        slug: name,
        version: request.version,
        key,
        signal: call.signal,
        ...(token !== undefined && {
          progress: (progress) => {
            void ctx.mcpReq
              .notify({ method: "notifications/progress", params: { progressToken: token, progress } })
              .catch(() => {});
          },
        }),
      });
    } finally {
      call.end();
    }
  });
  return server;
}

/** The live version of each offered agent, or the requested version. */
async function versionsFor(services: McpServices, { key, slug, version }: RequestContext) {
  const publications = (await callable(services, key)).filter((one) => slug === undefined || one.slug === slug);
  const found = await Promise.all(publications.map((one) => services.agents.version(one.slug, version ?? one.live)));
  return found.filter((one) => one !== undefined);
}

function scopeOf(key: CallerKey, session: string): string {
  return `${key.id} ${session}`;
}

function isInitialize(body: unknown): boolean {
  return (body as { method?: unknown } | undefined)?.method === "initialize";
}

/** Allows requests without an origin (programs), from this server, and from the agent's allowed origins. */
async function checkOrigin(c: Context<AppEnv>, services: McpServices): Promise<void> {
  const origin = c.req.header("origin");
  if (origin === undefined) return;
  const host = (c.req.header("host") ?? "").toLowerCase();
  if (origin === services.env.url || origin === `http://${host}` || origin === `https://${host}`) return;
  const slug = c.req.param("slug")?.split("@")[0];
  const publication = slug === undefined ? undefined : await services.agents.publication(slug);
  if (publication?.origins.includes(origin)) return;
  throw new PatchbayError(
    "forbidden",
    `The origin "${origin.slice(0, 200)}" is not allowed. Add it to the allowed origins of the agent.`,
  );
}
