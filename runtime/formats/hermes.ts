/** `<tool_call>` tags, as Hermes and Qwen models were trained on; the prompt is ms-swift's `hermes` agent template. */
import type { Message, ToolCall } from "../message.ts";
import type { ModelTool } from "../model.ts";
import { type Format, UNREADABLE } from "./format.ts";
import { spacedJson } from "./json.ts";
import { mergeResults } from "./merge-results.ts";
import { asFunction, insertPassages } from "./native.ts";
import { type Tag, TagParser } from "./tag-parser.ts";
import { THINK } from "./think-tags.ts";

const TAGS: readonly Tag[] = [
  ...THINK,
  { open: "<tool_call>", close: "</tool_call>", kind: "call" },
  { open: "</tool_call>", kind: "drop" },
  { open: "<tool_response>", kind: "rest" },
  { open: "<|im_end|>", kind: "rest" },
];

export const hermes: Format = {
  id: "hermes",
  stop: ["<tool_response>"],
  write(parts) {
    const asked = [...parts.messages];
    insertPassages(asked, parts);
    const messages = mergeResults(asked, writeCalls, (results) =>
      results.map(({ content }) => `<tool_response>\n${content}\n</tool_response>`).join("\n"),
    );
    const system = [parts.system, toolsText(parts.tools)].filter(Boolean).join("\n\n");
    if (system) messages.unshift({ role: "system", content: system });
    return { messages };
  },
  toolsText,
  parser: (emit, options) => new TagParser(TAGS, emit, options),
};

function toolsText(tools: readonly ModelTool[]): string {
  if (tools.length === 0) return "";
  return `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
${tools.map(toolJson).join("\n")}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`;
}

const toolTexts = new WeakMap<ModelTool, string>();

function toolJson(tool: ModelTool): string {
  let text = toolTexts.get(tool);
  if (text === undefined) {
    text = spacedJson(asFunction(tool));
    toolTexts.set(tool, text);
  }
  return text;
}

function writeCalls(message: Extract<Message, { role: "assistant" }>): string {
  return [message.content, ...message.calls!.map((call) => `<tool_call>\n${callJson(call)}\n</tool_call>`)]
    .filter(Boolean)
    .join("\n");
}

function callJson(call: ToolCall): string {
  if (call.name === UNREADABLE) return call.raw ?? "";
  return call.arguments === undefined
    ? `{"name": ${JSON.stringify(call.name)}, "arguments": ${call.raw}}`
    : spacedJson({ name: call.name, arguments: call.arguments });
}
