/** OpenAI's API over published agents: `POST /v1/chat/completions`, `GET /v1/models`. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { errorData, PatchbayError } from "../../../runtime/error.ts";
import type { AppEnv } from "../../guard.ts";
import { LIMITS, readJson } from "../../intake.ts";
import { about } from "../../routes/describe.ts";
import type { AgentKey } from "../../services.ts";
import { sseTexts } from "../../sse.ts";
import {
  type AgentCall,
  awaitCall,
  callable,
  type HostedServices,
  startCall,
  type Target,
  targetOf,
} from "../agent-call.ts";
import { answerPieces, heldBack } from "../answer-stream.ts";
import { type AnswerHead, completion, completionChunks } from "./chat-answer.ts";
import { type ChatCall, readChatCall, refuseSystemText } from "./chat-request.ts";
import { failedRunResponse, openAiError } from "./errors.ts";

/** How long the head of a stream is held back for an early failure. */
const HOLD_MS = 2_000;

const Model = z.object({ id: z.string(), object: z.literal("model"), created: z.number(), owned_by: z.string() });

const Usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() });

const Completion = z.object({
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
  usage: Usage,
  patchbay: z.object({ run: z.string(), status: z.string(), waits: z.array(z.unknown()).optional() }),
});

const CompletionRequest = z.looseObject({
  model: z.string().describe('An agent: "slug" or "slug@version".'),
  messages: z.array(
    z.looseObject({ role: z.enum(["system", "developer", "user", "assistant"]), content: z.unknown() }),
  ),
  stream: z.boolean().optional(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).optional(),
  user: z.string().optional(),
  metadata: z.looseObject({ session: z.string().optional() }).optional(),
});

export function openAiRoutes(services: HostedServices) {
  return new Hono<AppEnv>()
    .get(
      "/models",
      about({
        summary: "List the agents that the key may call",
        tag: "hosted",
        gives: z.object({ object: z.literal("list"), data: z.array(Model) }),
      }),
      async (c) => c.json({ object: "list" as const, data: await listModels(services, c.get("key")) }),
    )
    .get(
      "/models/:model",
      about({
        summary: "Get an agent as a model",
        tag: "hosted",
        gives: Model,
        errors: { 404: "There is none that the key may call." },
      }),
      async (c) => {
        const { slug, version } = await targetOf(services, c.get("key"), c.req.param("model"));
        return c.json(await modelCard(services, slug, version));
      },
    )
    .post(
      "/chat/completions",
      about({
        summary: "Call an agent as a chat completion",
        tag: "hosted",
        description:
          "Sampling settings have no effect. The call is cancelled when the caller goes away, unless it came with an Idempotency-Key.",
        body: CompletionRequest,
        gives: Completion,
        headers: { "Idempotency-Key": "The same key again is the same run; with another body it is refused (409)." },
        errors: {
          400: "Something that an agent does not take, at `param`.",
          404: "There is no such agent that the key may call.",
        },
      }),
      (c) => complete(c, services),
    );
}

async function complete(c: Context<AppEnv>, services: HostedServices): Promise<Response> {
  const key = c.get("key");
  const body = await readJson(c, LIMITS.hosted);
  const chat = await readChatCall(body, services.files, key);
  const target = await targetOf(services, key, chat.model);
  if (chat.ignored.length) {
    refuseSystemText(chat.ignored, await systemSetting(services, target));
    c.header("x-patchbay-ignored", chat.ignored.join(", "));
  }
  const id = c.req.header("idempotency-key");
  const call: AgentCall = {
    target,
    key,
    message: chat.message,
    files: chat.files,
    history: chat.history,
    session: chat.session,
    user: chat.user,
    stream: chat.stream,
    ...(id !== undefined && { idempotency: { id, body: c.req.path + (await c.req.text()) } }),
  };
  const run = await startCall(services, call);
  const head: AnswerHead = {
    run: run.id,
    model: chat.model,
    created: Math.floor(Date.now() / 1000),
    message: chat.message,
  };
  return chat.stream ? streamed(c, services, call, chat, head, run) : whole(c, services, call, head, run);
}

type Started = Awaited<ReturnType<typeof startCall>>;

async function whole(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  head: AnswerHead,
  run: Started,
): Promise<Response> {
  const result = await awaitCall(services, run, c.req.raw.signal, call.idempotency !== undefined);
  if (result.status === "failed" || result.status === "cancelled") {
    return failedRunResponse(result.error ?? { code: "cancelled", message: "The run was cancelled." }, run.id);
  }
  return c.json(completion(head, result), 200, { "x-run-id": run.id, "cache-control": "no-store" });
}

async function streamed(
  c: Context<AppEnv>,
  services: HostedServices,
  call: AgentCall,
  chat: ChatCall,
  head: AnswerHead,
  run: Started,
): Promise<Response> {
  const { runs, keys } = services;
  const stop = new AbortController();
  let ended = false;
  const leave = (): void => {
    stop.abort();
    stream.release();
    if (!ended && !call.idempotency) void runs.cancel(run.id).catch(() => {});
  };
  const settled = (): void => {
    ended = true;
  };
  run.done.then(settled, settled);
  const stream = keys.openStream(call.key);
  stream.signal.addEventListener("abort", () => stop.abort(stream.signal.reason), { once: true });
  const gone = (): void => stop.abort();
  c.req.raw.signal.addEventListener("abort", gone, { once: true });
  try {
    await run.accepted;
    const items = runs.follow(run.id, { untilWait: true, deltas: true, signal: stop.signal });
    const { first, pieces } = await heldBack(answerPieces(items, run.done, stop.signal), HOLD_MS);
    if (first?.type === "end" && first.result.error) {
      leave();
      return failedRunResponse(first.result.error, run.id);
    }
    return sseTexts(completionChunks(head, pieces, chat.includeUsage), {
      stop: leave,
      failed: (thrown) => `data: ${JSON.stringify({ error: openAiError(errorData(thrown)) })}\n\n`,
      headers: { "x-run-id": run.id, ...(chat.ignored.length && { "x-patchbay-ignored": chat.ignored.join(", ") }) },
    });
  } catch (error) {
    leave();
    throw error;
  }
}

/** What the version does with system text; of two live versions the stricter counts. */
async function systemSetting(
  services: HostedServices,
  { slug, version }: Target,
): Promise<"ignore" | "refuse" | undefined> {
  const publication = await services.agents.publication(slug);
  const numbers = version !== undefined ? [version] : [publication?.live, publication?.share?.version];
  for (const number of numbers) {
    if (number === undefined) continue;
    const found = await services.agents.version(slug, number);
    if (found?.graph.settings.systemText === "refuse") return "refuse";
  }
  return "ignore";
}

async function listModels(services: HostedServices, key: AgentKey) {
  const publications = await callable(services, key);
  return Promise.all(
    publications.flatMap(({ slug, live }) => [modelCard(services, slug), modelCard(services, slug, live)]),
  );
}

async function modelCard(services: HostedServices, slug: string, version?: number) {
  const publication = await services.agents.publication(slug);
  const found = await services.agents.version(slug, version ?? publication?.live ?? 1);
  if (!found) throw new PatchbayError("not_found", `There is no agent "${slug}".`);
  const id = version === undefined ? slug : `${slug}@${version}`;
  return { id, object: "model" as const, created: Math.floor(found.publishedAt / 1000), owned_by: "patchbay" };
}
