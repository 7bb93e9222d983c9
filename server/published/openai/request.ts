/** The parts of a request that both of OpenAI's APIs have. Hand-written, because it is on the hot path of every call. */
import type { FileRef, Message } from "../../../runtime/message.ts";
import type { CallerKey } from "../../keys/service.ts";
import type { Files } from "../../stores/files.ts";
import { bad, type Content, readContent, toParts } from "./content.ts";

export interface AgentRequest {
  /** Parameters without effect, because the agent's own settings apply, or because no agent knows them. */
  unused: string[];
  model: string;
  stream: boolean;
  session?: string;
  user?: string;
}

export interface Conversation {
  message: string;
  files: FileRef[];
  history: Message[];
  /** Roles whose text was ignored: `system`, `developer`; or `instructions`. */
  ignored: string[];
}

/** Names of the parameters that are read: those of both APIs, and the given ones. */
export function parameterNames(...names: string[]): ReadonlySet<string> {
  return new Set(["model", "stream", "user", "metadata", "tools", "tool_choice", ...names]);
}

/** What a caller might send to change what runs. Nothing of a call does, so it is refused rather than left without effect. */
const OVERRIDES = new Set(
  "config edges graph inputs nodes overrideConfig override_config overrides pins secrets variables version".split(" "),
);
const MAX_MESSAGES = 2_000;
const MAX_NAME_LENGTH = 200;

/**
 * Throws `bad_request` with the path of the first error. Clients send parameters of their provider's newest models, so one
 * that is not in `read` is taken without effect.
 */
export function readRequest(
  body: unknown,
  read: ReadonlySet<string>,
): { given: Record<string, unknown>; request: AgentRequest } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw bad("", "the body must be an object");
  const given = body as Record<string, unknown>;
  for (const name of Object.keys(given))
    if (OVERRIDES.has(name)) throw bad(`/${name}`, "is not supported: a call cannot change what runs");
  const unused = Object.keys(given).filter((name) => !read.has(name) && isGiven(given[name]));
  const { model, stream, user } = given;
  if (typeof model !== "string" || model === "") throw bad("/model", 'must be an agent, "slug" or "slug@version"');
  if (isGiven(stream) && typeof stream !== "boolean") throw bad("/stream", "must be true or false");
  const request = {
    unused,
    model,
    stream: stream === true,
    ...(isGiven(user) && { user: nameAt(user, "/user") }),
    ...sessionOf(given.metadata),
  };
  return { given, request };
}

/** Reads `metadata.session`. Other keys of `metadata` have no effect. */
function sessionOf(metadata: unknown): { session?: string } {
  if (!isGiven(metadata)) return {};
  if (typeof metadata !== "object" || Array.isArray(metadata)) throw bad("/metadata", "must be an object");
  const { session } = metadata as Record<string, unknown>;
  return isGiven(session) ? { session: nameAt(session, "/metadata/session") } : {};
}

function nameAt(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "" || value.length > MAX_NAME_LENGTH)
    throw bad(path, `must be a string of 1 to ${MAX_NAME_LENGTH} characters`);
  return value;
}

/** Refuses a list of tools or functions that is not empty. */
export function refuseList(value: unknown, path: string): void {
  if (isGiven(value) && !(Array.isArray(value) && value.length === 0))
    throw bad(path, "is not supported: the agent uses its own tools");
}

/** `format`: the requested output format. */
export function refuseFormat(format: unknown, path: string): void {
  const type = (format as { type?: unknown } | null | undefined)?.type;
  if (type !== undefined && type !== "text")
    throw bad(path, 'must be { "type": "text" }: the agent defines its own output format');
}

export function isGiven(value: unknown): value is NonNullable<unknown> {
  return value !== undefined && value !== null;
}

/**
 * Reads messages, of which the last must be the user's. Inline files are stored for the key. `checkItem` throws for an
 * unsupported item, or returns `skip` for one without effect.
 */
export async function readConversation(
  messages: unknown[],
  at: string,
  checkItem: (item: Record<string, unknown>, path: string) => "skip" | undefined,
  files: Files,
  key: CallerKey,
): Promise<Conversation> {
  if (messages.length > MAX_MESSAGES) throw bad(at, `must have at most ${MAX_MESSAGES} messages`);
  const history: Message[] = [];
  const ignored = new Set<string>();
  let last: Content | undefined;
  for (const [index, message] of messages.entries()) {
    const path = `${at}/${index}`;
    if (typeof message !== "object" || message === null) throw bad(path, "must be an object");
    if (checkItem(message as Record<string, unknown>, path) === "skip") continue;
    const { role, content } = message as Record<string, unknown>;
    if (!["user", "assistant", "system", "developer"].includes(role as string))
      throw bad(`${path}/role`, "must be user, assistant, system or developer");
    const isLast = index === messages.length - 1;
    if (isLast && role !== "user") throw bad(`${path}/role`, "must be user in the last message");
    if (role === "system" || role === "developer") {
      ignored.add(role);
      continue;
    }
    // An assistant message with tool calls has no content.
    const read = await readContent(role === "assistant" ? (content ?? "") : content, `${path}/content`, files, key);
    if (isLast) last = read;
    else if (role === "user") history.push({ role, content: toParts(read) });
    else history.push({ role: "assistant", content: read.text });
  }
  if (!last) throw bad(at, "must end with a user message");
  return { message: last.text, files: last.files, history, ignored: [...ignored] };
}
