/** Parses a request of the Responses API. */
import type { FileRef, Message } from "../../../runtime/message.ts";
import type { CallerKey } from "../../keys/service.ts";
import type { Files } from "../../stores/files.ts";
import { nameAt, sessionOf } from "./chat-request.ts";
import { bad, readContent, toParts } from "./content.ts";

export interface ResponseCall {
  model: string;
  message: string;
  files: FileRef[];
  history: Message[];
  /** Id of the response whose conversation is continued. */
  previous?: string;
  stream: boolean;
  session?: string;
  user?: string;
  metadata: Record<string, unknown>;
  ignored: string[];
}

/** Accepted without effect: the agent's own settings apply. */
const IGNORED = [
  "temperature",
  "top_p",
  "top_logprobs",
  "max_output_tokens",
  "max_tool_calls",
  "store",
  "truncation",
  "reasoning",
  "include",
  "parallel_tool_calls",
  "service_tier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "safety_identifier",
  "stream_options",
];
const ACCEPTED = new Set([
  "model",
  "input",
  "instructions",
  "previous_response_id",
  "stream",
  "user",
  "metadata",
  "text",
  "tools",
  "tool_choice",
  "background",
  ...IGNORED,
]);
const MAX_ITEMS = 2_000;

/** Rejects with `bad_request` and the path of the first error. Inline files are stored for the key. */
export async function readResponseCall(body: unknown, files: Files, key: CallerKey): Promise<ResponseCall> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw bad("", "the body must be an object");
  const given = body as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!ACCEPTED.has(name)) throw bad(`/${name}`, "is not supported");
  }
  if (typeof given.model !== "string" || given.model === "")
    throw bad("/model", 'must be an agent, "slug" or "slug@version"');
  if (given.tools !== undefined && given.tools !== null && !(Array.isArray(given.tools) && given.tools.length === 0)) {
    throw bad("/tools", "is not supported: the agent uses its own tools");
  }
  if (given.background === true)
    throw bad("/background", "is not supported: use POST /v1/agents/{slug}/runs with Prefer: respond-async");
  const format = (given.text as { format?: { type?: unknown } } | null | undefined)?.format?.type;
  if (format !== undefined && format !== "text")
    throw bad("/text/format", 'must be { "type": "text" }: the agent defines its own output format');
  if (given.stream !== undefined && given.stream !== null && typeof given.stream !== "boolean")
    throw bad("/stream", "must be true or false");
  const { previous_response_id: previous, instructions } = given;
  if (previous !== undefined && previous !== null && typeof previous !== "string")
    throw bad("/previous_response_id", "must be the id of a response");
  const read = await conversation(given.input, files, key);
  if (typeof instructions === "string" && instructions !== "") read.ignored.unshift("instructions");
  return {
    model: given.model,
    stream: given.stream === true,
    metadata: (given.metadata as Record<string, unknown> | null | undefined) ?? {},
    ...read,
    ...sessionOf(given.metadata),
    ...(previous ? { previous: previous as string } : {}),
    ...(given.user !== undefined && given.user !== null ? { user: nameAt(given.user, "/user") } : {}),
  };
}

async function conversation(
  input: unknown,
  files: Files,
  key: CallerKey,
): Promise<Pick<ResponseCall, "message" | "files" | "history" | "ignored">> {
  if (typeof input === "string") return { message: input, files: [], history: [], ignored: [] };
  if (!Array.isArray(input) || input.length === 0)
    throw bad("/input", "must be a string or an array with at least one message");
  if (input.length > MAX_ITEMS) throw bad("/input", `must have at most ${MAX_ITEMS} items`);
  const history: Message[] = [];
  const ignored = new Set<string>();
  let last: { text: string; files: FileRef[] } | undefined;
  for (const [index, item] of input.entries()) {
    const path = `/input/${index}`;
    if (typeof item !== "object" || item === null) throw bad(path, "must be an object");
    const { type = "message", role, content } = item as Record<string, unknown>;
    // Clients that return a whole output also send its reasoning, which is not needed.
    if (type === "reasoning") continue;
    if (type !== "message") throw bad(`${path}/type`, "must be message: the agent uses its own tools");
    const isLast = index === input.length - 1;
    if (role === "user") {
      const read = await readContent(content, `${path}/content`, files, key);
      if (isLast) last = read;
      else history.push({ role: "user", content: toParts(read) });
    } else if (role === "assistant" && !isLast) {
      history.push({ role: "assistant", content: (await readContent(content, `${path}/content`, files, key)).text });
    } else if ((role === "system" || role === "developer") && !isLast) ignored.add(role);
    else
      throw bad(
        `${path}/role`,
        isLast ? "must be user in the last message" : "must be user, assistant, system or developer",
      );
  }
  if (!last) throw bad("/input", "must end with a user message");
  return { message: last.text, files: last.files, history, ignored: [...ignored] };
}
