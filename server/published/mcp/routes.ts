/**
 * Published agents as an MCP server over Streamable HTTP: `/mcp/:slug` offers one, `/mcp` all that the key may call.
 * Both eras of the protocol are answered, each request by itself; nothing is held between two requests but the calls
 * that are under way.
 */
import { createMcpHandler, type McpRequestContext, Server } from "@modelcontextprotocol/server";
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

/** What a request is about, handed through the SDK to the server that is made for it. */
interface Asked {
  key: CallerKey;
  slug?: string;
  version?: number;
  session: string;
  gone: AbortSignal;
}

export function mcpRoutes(services: McpServices) {
  const calls = new Calls();
  const handler = createMcpHandler((context) => serverFor(services, calls, context), {
    maxRequestBodySize: LIMITS.hosted,
  });

  const answer = async (c: Context<AppEnv>): Promise<Response> => {
    const key = c.get("key");
    await checkOrigin(c, services);
    const name = c.req.param("slug");
    const target = name === undefined ? undefined : await targetOf(services, key, name);
    if (name === undefined && !key.rights.includes("run")) {
      throw new PatchbayError("forbidden", `The key "${key.name}" has no right to run agents.`);
    }
    const parsedBody = c.req.method === "POST" ? await readJson(c, LIMITS.hosted) : undefined;
    // In the older era a client names its session; it is a scope for cancelling here and gives no right.
    const session = c.req.header("mcp-session-id")?.slice(0, 100) ?? newId();
    calls.cancelIfAsked(scopeOf(key, session), parsedBody);
    const asked: Asked = { key, ...target, session, gone: c.req.raw.signal };
    const response = await handler.fetch(c.req.raw, {
      parsedBody,
      authInfo: { token: key.prefix, clientId: key.id, scopes: key.rights, extra: { asked } },
    });
    if (!isInitialize(parsedBody) || !response.ok) return response;
    const named = new Response(response.body, response);
    named.headers.set("mcp-session-id", session);
    return named;
  };

  const text = (what: string) =>
    describe({
      summary: `${what} as an MCP server (Streamable HTTP)`,
      tag: "hosted",
      body: { media: "application/json", description: "A JSON-RPC message of MCP." },
      errors: {
        403: "The Origin is not allowed, or the key may not run agents.",
        404: "There is no such agent that the key may call.",
      },
    });
  return new Hono<AppEnv>()
    .post("/", text("All agents of the key"), answer)
    .post("/:slug", text("One agent"), answer)
    .on(["GET", "DELETE"], ["/", "/:slug"], answer);
}

async function serverFor(services: McpServices, calls: Calls, context: McpRequestContext): Promise<Server> {
  const asked = context.authInfo?.extra?.asked as Asked;
  const { key, slug, session } = asked;
  const versions = await versionsFor(services, asked);
  const one = slug === undefined ? undefined : versions[0];
  const server = new Server(
    { name: slug ?? "patchbay", title: one?.graph.name ?? "Patchbay agents", version: one ? String(one.version) : "1" },
    { capabilities: { tools: {} }, ...(one?.graph.description && { instructions: one.graph.description }) },
  );
  server.setRequestHandler("tools/list", async () => ({
    tools: versions.map(({ slug: name, graph }) => agentTool(name, graph, services.agents.inputFields(graph))),
  }));
  server.setRequestHandler("tools/call", async (request, ctx) => {
    const { name, arguments: given = {} } = request.params;
    const found = versions.find((version) => version.slug === name);
    if (!found) return { content: [{ type: "text", text: `There is no tool "${name}".` }], isError: true };
    const token = ctx.mcpReq._meta?.progressToken;
    const call = calls.begin(scopeOf(key, session), ctx.mcpReq.id, [ctx.mcpReq.signal, asked.gone]);
    try {
      return await callAgentTool(services, given, {
        slug: name,
        version: asked.version,
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

/** The live version of each agent that is offered, or the one that was named. */
async function versionsFor(services: McpServices, { key, slug, version }: Asked) {
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

/** A page's own server, its public address, and sites that the agent may be embedded in; programs send no Origin. */
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
    `The site "${origin.slice(0, 200)}" may not call this; add it to the agent's origins.`,
  );
}
