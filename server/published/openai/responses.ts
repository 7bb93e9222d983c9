/** `POST /v1/responses` and `GET /v1/responses/:id`. */
import type { Context } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Message } from "../../../runtime/message.ts";
import type { RunRow } from "../../contract/run.ts";
import type { AppEnv } from "../../http/guard.ts";
import { LIMITS, readJson } from "../../http/intake.ts";
import type { CallerKey } from "../../keys/service.ts";
import { isId } from "../../lib/ids.ts";
import { type HostedServices, targetOf } from "../agent-call.ts";
import type { PublishedDeps } from "../deps.ts";
import { idempotencyOf, ignoredHeaders } from "./chat-completions.ts";
import { bad } from "./content.ts";
import { deliver } from "./deliver.ts";
import { type ResponseHead, responseLines, responseObject } from "./response-object.ts";
import { readResponseCall } from "./responses-request.ts";

export type ResponseServices = HostedServices & Pick<PublishedDeps, "log" | "conversations">;

export const ResponseRequest = z.looseObject({
  model: z.string().describe('An agent, "slug" or "slug@version".'),
  input: z.union([z.string(), z.array(z.unknown())]),
  previous_response_id: z.string().optional(),
  stream: z.boolean().optional(),
});

export const ResponseObject = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  status: z.string(),
  output: z.array(z.unknown()),
});

const PREFIX = "resp_";

export async function respond(c: Context<AppEnv>, services: ResponseServices): Promise<Response> {
  const key = c.get("key");
  const request = await readResponseCall(await readJson(c, LIMITS.hosted), services.files, key);
  const { model, previous, metadata, ignored, unused, ...call } = request;
  const target = await targetOf(services, key, model);
  const headers = await ignoredHeaders(
    services,
    target,
    { ignored, unused },
    ignored[0] === "instructions" ? "/instructions" : "/input",
  );
  const before = previous === undefined ? [] : await conversationOf(services, key, previous);
  const created = Math.floor(Date.now() / 1000);
  const head = (run: string): ResponseHead => ({
    id: PREFIX + run,
    run,
    model,
    created,
    message: call.message,
    previous,
    metadata,
  });
  return deliver(
    c,
    services,
    { target, key, ...call, history: [...before, ...call.history], ...(await idempotencyOf(c)) },
    {
      whole: (run, result) => responseObject(head(run), result),
      lines: (run, pieces) => responseLines(head(run), pieces),
      headers,
    },
  );
}

export async function retrieve(c: Context<AppEnv>, services: ResponseServices): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const row = await rowOf(services, c.get("key"), id);
  if (!row) throw new PatchbayError("not_found", `The response "${id.slice(0, 100)}" was not found.`);
  const head: ResponseHead = {
    id,
    run: row.id,
    model: row.version === undefined ? (row.slug ?? row.name) : `${row.slug}@${row.version}`,
    created: Math.floor(row.startedAt / 1000),
    message: row.message,
    metadata: {},
  };
  return c.json(responseObject(head, await services.runs.get(row.id)));
}

/** The conversation up to and including a response: the history of its run, and its own turn. */
async function conversationOf(services: ResponseServices, key: CallerKey, id: string): Promise<Message[]> {
  const row = await rowOf(services, key, id);
  const path = "/previous_response_id";
  if (!row) throw bad(path, `"${id.slice(0, 100)}" was not found`);
  if (row.status !== "done") throw bad(path, `"${id}" cannot be continued, because it is ${row.status}`);
  const [start] = await services.log.read(row.id, -1, 1);
  const { input, replaces } = start?.type === "run-start" ? start : {};
  const before =
    input?.history ?? (row.session ? await services.conversations.history(row.session, key.id, row.id, replaces) : []);
  return [...before, ...(await services.conversations.turn(row)).messages];
}

async function rowOf(services: ResponseServices, key: CallerKey, id: string): Promise<RunRow | undefined> {
  const run = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : "";
  const row = isId(run) ? await services.log.row(run) : undefined;
  return row?.key === key.id ? row : undefined;
}
