/** Parses a chat completion request. */
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

export interface ChatCall extends AgentRequest, Conversation {
  includeUsage: boolean;
}

const READ = parameterNames(
  "messages",
  "stream_options",
  "n",
  "response_format",
  "modalities",
  "functions",
  "function_call",
);

/** Rejects with `bad_request` and the path of the first error. Inline files are stored for the key. */
export async function readChatCall(body: unknown, files: Files, key: CallerKey): Promise<ChatCall> {
  const { given, request } = readRequest(body, READ);
  for (const name of ["tools", "functions"]) refuseList(given[name], `/${name}`);
  for (const name of ["tool_choice", "function_call"])
    if (isGiven(given[name]) && given[name] !== "none" && given[name] !== "auto")
      throw bad(`/${name}`, "is not supported: the agent uses its own tools");
  if (isGiven(given.input)) throw bad("/input", "is not supported: send messages");
  if (isGiven(given.n) && given.n !== 1) throw bad("/n", "must be 1: an agent returns one choice");
  refuseFormat(given.response_format, "/response_format");
  if (Array.isArray(given.modalities) && given.modalities.some((one) => one !== "text"))
    throw bad("/modalities", 'must be ["text"]');
  const { messages } = given;
  if (!Array.isArray(messages) || messages.length === 0)
    throw bad("/messages", "must be an array with at least one message");
  return {
    ...request,
    includeUsage: (given.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
    ...(await readConversation(messages, "/messages", checkMessage, files, key)),
  };
}

function checkMessage({ role, tool_calls: calls, function_call: call }: Record<string, unknown>, path: string) {
  if (role === "tool" || role === "function")
    throw bad(`${path}/role`, "must not be tool: the agent uses its own tools");
  if (role === "assistant" && ((Array.isArray(calls) && calls.length > 0) || isGiven(call)))
    throw bad(`${path}/tool_calls`, "is not supported: the agent uses its own tools");
  return undefined;
}
