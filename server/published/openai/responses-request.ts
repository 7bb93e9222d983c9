/** Parses a request of the Responses API. */
import type { CallerKey } from "../../keys/service.ts";
import type { Files } from "../../stores/files.ts";
import { bad } from "./content.ts";
import {
  type AgentRequest,
  type Conversation,
  isGiven,
  parameterNames,
  readConversation,
  readRequest,
  refuseFormat,
  refuseList,
} from "./request.ts";

export interface ResponseCall extends AgentRequest, Conversation {
  /** Id of the response whose conversation is continued. */
  previous?: string;
  metadata: Record<string, unknown>;
}

const READ = parameterNames(
  "input",
  "instructions",
  "previous_response_id",
  "text",
  "background",
  "conversation",
  "prompt",
);

/** Rejects with `bad_request` and the path of the first error. Inline files are stored for the key. */
export async function readResponseCall(body: unknown, files: Files, key: CallerKey): Promise<ResponseCall> {
  const { given, request } = readRequest(body, READ);
  refuseList(given.tools, "/tools");
  if (given.background === true)
    throw bad("/background", "is not supported: use POST /v1/agents/{slug}/runs with Prefer: respond-async");
  if (isGiven(given.conversation))
    throw bad("/conversation", "is not supported: continue with previous_response_id or metadata.session");
  if (isGiven(given.prompt)) throw bad("/prompt", "is not supported: the agent has its own prompts");
  refuseFormat((given.text as { format?: unknown } | null | undefined)?.format, "/text/format");
  const { previous_response_id: previous, instructions } = given;
  if (isGiven(previous) && typeof previous !== "string")
    throw bad("/previous_response_id", "must be the id of a response");
  const read = await conversation(given.input, files, key);
  if (typeof instructions === "string" && instructions !== "") read.ignored.unshift("instructions");
  return {
    ...request,
    metadata: (given.metadata as Record<string, unknown> | null | undefined) ?? {},
    ...read,
    ...(previous ? { previous: previous as string } : {}),
  };
}

async function conversation(input: unknown, files: Files, key: CallerKey): Promise<Conversation> {
  if (typeof input === "string") return { message: input, files: [], history: [], ignored: [] };
  if (!Array.isArray(input) || input.length === 0)
    throw bad("/input", "must be a string or an array with at least one message");
  return await readConversation(input, "/input", checkItem, files, key);
}

function checkItem({ type = "message" }: Record<string, unknown>, path: string): "skip" | undefined {
  // Clients that return a whole output also send its reasoning, which is not needed.
  if (type === "reasoning") return "skip";
  if (type !== "message") throw bad(`${path}/type`, "must be message: the agent uses its own tools");
  return undefined;
}
