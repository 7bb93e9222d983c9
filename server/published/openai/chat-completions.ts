/** `POST /v1/chat/completions`. */
import type { Context } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import type { AppEnv } from "../../http/guard.ts";
import { LIMITS, readJson } from "../../http/intake.ts";
import { type AgentCall, type HostedServices, type Target, targetOf } from "../agent-call.ts";
import { readChatCall } from "./chat-request.ts";
import { type CompletionHead, completion, completionChunks } from "./chat-response.ts";
import { deliver } from "./deliver.ts";

export const CompletionRequest = z.looseObject({
  model: z.string().describe('An agent, "slug" or "slug@version".'),
  messages: z.array(
    z.looseObject({ role: z.enum(["system", "developer", "user", "assistant"]), content: z.unknown() }),
  ),
  stream: z.boolean().optional(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).optional(),
  user: z.string().optional(),
  metadata: z.looseObject({ session: z.string().optional() }).optional(),
});

export const Completion = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.number(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.number(),
      message: z.object({ role: z.literal("assistant"), content: z.string() }),
      finish_reason: z.string(),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }),
  patchbay: z.object({ run: z.string(), status: z.string(), waits: z.array(z.unknown()).optional() }),
});

/** Names in the header `x-patchbay-ignored`. */
const MAX_NAMED = 40;

export async function complete(c: Context<AppEnv>, services: HostedServices): Promise<Response> {
  const key = c.get("key");
  const { model, includeUsage, ignored, unused, ...chat } = await readChatCall(
    await readJson(c, LIMITS.hosted),
    services.files,
    key,
  );
  const target = await targetOf(services, key, model);
  const headers = await ignoredHeaders(services, target, { ignored, unused }, "/messages");
  const call: AgentCall = { target, key, ...chat, ...(await idempotencyOf(c)) };
  const head = (run: string): CompletionHead => ({
    run,
    model,
    created: Math.floor(Date.now() / 1000),
    message: chat.message,
  });
  return deliver(c, services, call, {
    whole: (run, result) => completion(head(run), result),
    lines: (run, pieces) => completionChunks(head(run), pieces, includeUsage),
    headers,
  });
}

/** A repeated key with the same path and body returns the same run. */
export async function idempotencyOf(c: Context): Promise<Pick<AgentCall, "idempotency">> {
  const id = c.req.header("idempotency-key");
  return id === undefined ? {} : { idempotency: { id, body: c.req.path + (await c.req.text()) } };
}

/**
 * The response header that lists what had no effect: parameters, and system text, which the version's setting may refuse
 * instead.
 */
export async function ignoredHeaders(
  services: HostedServices,
  target: Target,
  { ignored, unused }: { ignored: string[]; unused: string[] },
  path: string,
): Promise<Record<string, string>> {
  if (ignored.length > 0 && (await systemSetting(services, target)) === "refuse") {
    throw new PatchbayError(
      "bad_request",
      `This agent does not accept ${ignored.join(" or ")} text; it uses its own instructions.`,
      { path },
    );
  }
  // A name of any other form is not repeated in a header.
  const names = [...ignored, ...unused.filter((name) => /^[\w.-]{1,64}$/.test(name))].slice(0, MAX_NAMED);
  return names.length > 0 ? { "x-patchbay-ignored": names.join(", ") } : {};
}

/** With two live versions, the stricter setting applies. */
async function systemSetting(services: HostedServices, { slug, version }: Target): Promise<"ignore" | "refuse"> {
  const publication = await services.agents.publication(slug);
  const numbers = version !== undefined ? [version] : [publication?.live, publication?.share?.version];
  for (const number of numbers) {
    if (number === undefined) continue;
    const found = await services.agents.version(slug, number);
    if (found?.graph.settings.systemText === "refuse") return "refuse";
  }
  return "ignore";
}
