/** Parses a chat completion request. Hand-written, because it is on the hot path of every call. */
import type { FileRef, Message } from "../../../runtime/message.ts";
import type { CallerKey } from "../../keys/service.ts";
import type { Files } from "../../stores/files.ts";
import { bad, readContent, toParts } from "./content.ts";

export interface ChatCall {
  model: string;
  message: string;
  files: FileRef[];
  history: Message[];
  stream: boolean;
  includeUsage: boolean;
  session?: string;
  user?: string;
  /** Roles whose text was ignored: `system`, `developer`. */
  ignored: string[];
}

/** Accepted without effect: the agent's own settings apply. */
const IGNORED = [
  "temperature",
  "top_p",
  "max_tokens",
  "max_completion_tokens",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "seed",
  "stop",
  "store",
  "service_tier",
  "reasoning_effort",
  "verbosity",
  "parallel_tool_calls",
  "prompt_cache_key",
  "prompt_cache_retention",
  "safety_identifier",
];
const ACCEPTED = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "user",
  "metadata",
  "n",
  "response_format",
  "modalities",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  ...IGNORED,
]);

const MAX_MESSAGES = 2_000;
const MAX_NAME_LENGTH = 200;

/** Rejects with `bad_request` and the path of the first error. Inline files are stored for the key. */
export async function readChatCall(body: unknown, files: Files, key: CallerKey): Promise<ChatCall> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw bad("", "the body must be an object");
  const given = body as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!ACCEPTED.has(name)) throw bad(`/${name}`, "is not supported");
  }
  if (typeof given.model !== "string" || given.model === "")
    throw bad("/model", 'must be an agent, "slug" or "slug@version"');
  refuseTools(given);
  if (given.n !== undefined && given.n !== null && given.n !== 1)
    throw bad("/n", "must be 1: an agent returns one choice");
  const format = (given.response_format as { type?: unknown } | null | undefined)?.type;
  if (format !== undefined && format !== "text")
    throw bad("/response_format", 'must be { "type": "text" }: the agent defines its own output format');
  if (Array.isArray(given.modalities) && given.modalities.some((one) => one !== "text"))
    throw bad("/modalities", 'must be ["text"]');
  if (given.stream !== undefined && given.stream !== null && typeof given.stream !== "boolean")
    throw bad("/stream", "must be true or false");
  return {
    model: given.model,
    stream: given.stream === true,
    includeUsage: (given.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
    ...(await conversation(given.messages, files, key)),
    ...callerOf(given),
  };
}

function refuseTools(given: Record<string, unknown>): void {
  const reason = "is not supported: the agent uses its own tools";
  for (const name of ["tools", "functions"]) {
    const value = given[name];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw bad(`/${name}`, reason);
  }
  for (const name of ["tool_choice", "function_call"]) {
    const value = given[name];
    if (value !== undefined && value !== null && value !== "none" && value !== "auto") throw bad(`/${name}`, reason);
  }
}

/** `user` and `metadata.session`. Other keys of `metadata` have no effect. */
function callerOf(given: Record<string, unknown>): Pick<ChatCall, "session" | "user"> {
  const user = given.user === undefined || given.user === null ? {} : { user: nameAt(given.user, "/user") };
  return { ...user, ...sessionOf(given.metadata) };
}

export function sessionOf(metadata: unknown): { session?: string } {
  if (metadata === undefined || metadata === null) return {};
  if (typeof metadata !== "object" || Array.isArray(metadata)) throw bad("/metadata", "must be an object");
  const { session } = metadata as Record<string, unknown>;
  return session === undefined || session === null ? {} : { session: nameAt(session, "/metadata/session") };
}

export function nameAt(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "" || value.length > MAX_NAME_LENGTH)
    throw bad(path, `must be a string of 1 to ${MAX_NAME_LENGTH} characters`);
  return value;
}

async function conversation(
  messages: unknown,
  files: Files,
  key: CallerKey,
): Promise<Pick<ChatCall, "message" | "files" | "history" | "ignored">> {
  if (!Array.isArray(messages) || messages.length === 0)
    throw bad("/messages", "must be an array with at least one message");
  if (messages.length > MAX_MESSAGES) throw bad("/messages", `must have at most ${MAX_MESSAGES} messages`);
  const history: Message[] = [];
  const ignored = new Set<string>();
  let last: { text: string; files: FileRef[] } | undefined;
  for (const [index, message] of messages.entries()) {
    const path = `/messages/${index}`;
    if (typeof message !== "object" || message === null) throw bad(path, "must be an object");
    const { role, content, tool_calls: calls, function_call: call } = message as Record<string, unknown>;
    const isLast = index === messages.length - 1;
    if (role === "system" || role === "developer") {
      ignored.add(role);
      if (isLast) throw bad(`${path}/role`, "must be user in the last message");
    } else if (role === "user") {
      const read = await readContent(content, `${path}/content`, files, key);
      if (isLast) last = read;
      else history.push({ role: "user", content: toParts(read) });
    } else if (role === "assistant") {
      if (isLast)
        throw bad(`${path}/role`, "must be user in the last message: an agent cannot continue an assistant message");
      if ((Array.isArray(calls) && calls.length > 0) || (call !== undefined && call !== null)) {
        throw bad(`${path}/tool_calls`, "is not supported: the agent uses its own tools");
      }
      const { text } = await readContent(content ?? "", `${path}/content`, files, key);
      history.push({ role: "assistant", content: text });
    } else if (role === "tool" || role === "function") {
      throw bad(`${path}/role`, "must not be tool: the agent uses its own tools");
    } else throw bad(`${path}/role`, "must be user, assistant, system or developer");
  }
  return { message: last!.text, files: last!.files, history, ignored: [...ignored] };
}
