/** What uses a thing, to be read before it is deleted or changed. */
import { Hono } from "hono";
import { findUses } from "../agents/uses.ts";
import { UseQuery, Uses } from "../contract/use.ts";
import { describe, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";

export function usesRoutes(services: Pick<Services, "nodes" | "agents" | "toolbox" | "models" | "mcp" | "knowledge">) {
  return new Hono<AppEnv>().get(
    "/",
    describe({
      summary: "List what uses a knowledge, tool, model, provider, secret, MCP server or agent",
      tag: "uses",
      description: "Agents are found by their draft and by the published versions that receive calls.",
      response: Uses,
    }),
    query(UseQuery),
    async (c) => c.json(await findUses(c.req.valid("query"), services)),
  );
}
