/**
 * The format of ModelScope-Agent's paper (arXiv 2309.00986): one text that the model continues, in Chinese, with calls between `<|startofthink|>` and `<|endofthink|>` and results between `<|startofexec|>` and
 * `<|endofexec|>`. It is sent as one user message, as the paper's agent sends it to chat endpoints.
 */

import { renderDocuments } from "../documents.ts";
import { type Message, messageText, type ToolCall, type ToolMessage } from "../message.ts";
import type { ModelTool } from "../model.ts";
import { type Format, UNREADABLE } from "./format.ts";
import { type Tag, TagParser } from "./tag-parser.ts";
import { THINK } from "./think-tags.ts";

/** The paper's own system text, for an agent that has no instructions. */
const SYSTEM =
  "你是达摩院的ModelScopeGPT（魔搭助手），你是个大语言模型， 是2023年达摩院的工程师训练得到的。你有多种能力，可以通过插件集成魔搭社区的模型api来回复用户的问题，还能解答用户使用模型遇到的问题和模型知识相关问答。";
const INSTRUCTION =
  "当前对话可以使用的插件信息如下，请自行判断是否需要调用插件来解决当前用户问题。若需要调用插件，则需要将插件调用请求按照json格式给出，必须包含api_name、parameters字段，并在其前后使用<|startofthink|>和<|endofthink|>作为标志。然后你需要根据插件API调用结果生成合理的答复； 若无需调用插件，则直接给出对应回复即可。";

const TAGS: readonly Tag[] = [
  ...THINK,
  { open: "<|startofthink|>", close: "<|endofthink|>", kind: "call" },
  { open: "<|endofthink|>", kind: "drop" },
  { open: "<|startofexec|>", kind: "rest" },
  { open: "<|user|>", kind: "rest" },
  { open: "<|system|>", kind: "rest" },
  { open: "<|endoftext|>", kind: "rest" },
  { open: "<|im_end|>", kind: "rest" },
  { open: "<|assistant|>:", kind: "drop" },
];

export const modelscope: Format = {
  id: "modelscope",
  stop: ["<|startofexec|>", "<|user|>"],
  write(parts) {
    const text: string[] = [`<|system|>:${escapeMarks(parts.system) || SYSTEM}`];
    const tools = toolsText(parts.tools);
    if (tools) text.push(`\n\n${tools}`);
    if (parts.documents.length > 0)
      text.push(
        `\n\nWeb search results: \n\n${escapeMarks(renderDocuments(parts.documents)).replaceAll(/^\[(\d+)\] /gm, "$1. ")}`,
      );
    // An assistant's turn includes its calls and their results.
    let inAssistantTurn = false;
    for (let i = 0; i < parts.messages.length; i++) {
      const message = parts.messages[i]!;
      if (message.role === "user" || message.role === "system") {
        text.push(`\n\n<|user|>:${escapeMarks(messageText(message))}`);
        inAssistantTurn = false;
      } else if (message.role === "assistant") {
        if (!inAssistantTurn) text.push("\n\n<|assistant|>:");
        text.push(writeAssistant(message));
        inAssistantTurn = true;
      } else {
        const results: ToolMessage[] = [message];
        while (parts.messages[i + 1]?.role === "tool") results.push(parts.messages[++i] as ToolMessage);
        const content =
          results.length === 1
            ? results[0]!.content
            : results.map((result) => `${result.name}: ${result.content}`).join("\n");
        text.push(`<|startofexec|>${escapeMarks(content)}<|endofexec|>\n`);
      }
    }
    if (!inAssistantTurn) text.push("\n\n<|assistant|>:");
    const files = parts.messages.flatMap((message) =>
      typeof message.content === "string" ? [] : message.content.filter((part) => part.type === "file"),
    );
    const content = text.join("");
    const messages: Message[] = [
      { role: "user", content: files.length > 0 ? [{ type: "text", text: content }, ...files] : content },
    ];
    return { messages };
  },
  toolsText,
  parser: (emit, options) => new TagParser(TAGS, emit, options),
};

function toolsText(tools: readonly ModelTool[]): string {
  if (tools.length === 0) return "";
  return `${INSTRUCTION}\n\n${tools.map((tool, index) => `${index + 1}. ${escapeMarks(JSON.stringify(paperTool(tool)))}`).join("\n\n")}`;
}

/** A tool as the paper writes it: a list of parameters, here with `type` and `enum` of the JSON Schema. */
function paperTool({ name, description, parameters }: ModelTool) {
  const properties = (parameters.properties ?? {}) as Record<
    string,
    { description?: unknown; type?: unknown; enum?: unknown }
  >;
  const required = Array.isArray(parameters.required) ? parameters.required : [];
  return {
    name,
    description,
    parameters: Object.entries(properties).map(([key, schema]) => ({
      name: key,
      description: schema?.description ?? "",
      required: required.includes(key),
      ...(schema?.type === undefined || schema.type === "string" ? {} : { type: schema.type }),
      ...(schema?.enum === undefined ? {} : { enum: schema.enum }),
    })),
  };
}

function writeAssistant(message: Extract<Message, { role: "assistant" }>): string {
  if (!message.calls?.length) return message.content;
  const calls = message.calls.map((call) => `<|startofthink|>\`\`\`JSON\n${callJson(call)}\n\`\`\`<|endofthink|>`);
  return `${[message.content, ...calls].filter(Boolean).join("\n")}\n\n`;
}

function callJson(call: ToolCall): string {
  if (call.name === UNREADABLE) return call.raw ?? "";
  return call.arguments === undefined
    ? `{"api_name": ${JSON.stringify(call.name)}, "parameters": ${call.raw}}`
    : JSON.stringify({ api_name: call.name, parameters: call.arguments });
}

/** Breaks up role marks in a text of users, tools and documents: in one text only the marks separate the roles. */
function escapeMarks(text: string): string {
  return text.replaceAll("<|", "< |");
}
