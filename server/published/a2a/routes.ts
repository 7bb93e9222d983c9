/** Published agents over A2A (JSON-RPC): `/v1/a2a/:slug`, and the agent card below it. */
import { type Context, Hono } from "hono";
import { PatchbayError } from "../../../runtime/error.ts";
import { describe } from "../../http/describe.ts";
import type { AppEnv } from "../../http/guard.ts";
import { LIMITS, readJson } from "../../http/intake.ts";
import { sseTexts } from "../../http/sse.ts";
import { type HostedServices, targetOf } from "../agent-call.ts";
import type { PublishedDeps } from "../deps.ts";
import { agentCard } from "./card.ts";

type A2aServices = HostedServices & Pick<PublishedDeps, "env" | "log">;

export function a2aRoutes(services: A2aServices) {
  /** The agent that the request names, with its card. Rejects with `not_found` for agents that the key may not call. */
  async function agentOf(c: Context<AppEnv>) {
    const key = c.get("key");
    const name = c.req.param("slug")!;
    const target = await targetOf(services, key, name);
    const { live } = (await services.agents.publication(target.slug))!;
    const version = await services.agents.version(target.slug, target.version ?? live);
    if (!version)
      throw new PatchbayError("not_found", `The agent "${name}" was not found, or this key may not call it.`);
    const base = services.env.url ?? new URL(c.req.url).origin;
    return {
      key,
      target,
      card: agentCard(version, services.agents.inputFields(version.graph), `${base}/v1/a2a/${name}`),
    };
  }

  const errors = { 404: "Agent not found for this key." };
  return new Hono<AppEnv>()
    .get(
      "/a2a/:slug/.well-known/agent-card.json",
      describe({ summary: "Get an agent's card (A2A)", tag: "hosted", errors }),
      async (c) => {
        const { AgentCard } = await import("@a2a-js/sdk");
        return c.json(AgentCard.toJSON((await agentOf(c)).card) as object);
      },
    )
    .post(
      "/a2a/:slug",
      describe({
        summary: "Call an agent over A2A (JSON-RPC)",
        tag: "hosted",
        body: { media: "application/json", description: "An A2A 1.0 JSON-RPC request." },
        errors,
      }),
      async (c) => {
        const body = (await readJson(c, LIMITS.hosted)) as Record<string, unknown>;
        const { key, target, card } = await agentOf(c);
        // The SDK is loaded at the first call.
        const { JsonRpcTransportHandler, ServerCallContext, validateVersion } = await import("@a2a-js/sdk/server");
        const { AgentHandler } = await import("./handler.ts");
        const failure = (error: unknown) => failureOf(body, JsonRpcTransportHandler.mapToJSONRPCError(error));
        const open = services.keys.openStream(key);
        const stop = new AbortController();
        const signal = AbortSignal.any([stop.signal, open.signal, c.req.raw.signal]);
        let streams = false;
        try {
          const requestedVersion = c.req.header("a2a-version");
          try {
            validateVersion(requestedVersion ?? "", card, "JSONRPC");
          } catch (error) {
            return c.json(failure(error));
          }
          const handler = new JsonRpcTransportHandler(new AgentHandler(services, { key, target, card, signal }));
          const response = await handler.handle(body, new ServerCallContext({ requestedVersion }));
          if (!(Symbol.asyncIterator in response)) return c.json(response as object);
          // A failure before the first event becomes a JSON response, not a broken stream.
          const first = await response.next().catch(failure);
          if ("jsonrpc" in first) return c.json(first);
          streams = true;
          return sseTexts(lines(first, response), {
            stop: () => {
              stop.abort();
              open.release();
            },
            failed: (error) => line(failure(error)),
          });
        } finally {
          if (!streams) open.release();
        }
      },
    );
}

async function* lines(first: IteratorResult<unknown, void>, rest: AsyncGenerator<unknown, void>) {
  if (!first.done) yield line(first.value);
  for await (const event of rest) yield line(event);
}

function line(event: unknown): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

function failureOf(body: Record<string, unknown>, error: unknown) {
  const { id } = body;
  return {
    jsonrpc: "2.0" as const,
    id: typeof id === "string" || typeof id === "number" ? id : null,
    error,
  };
}
