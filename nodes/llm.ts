/** Answers a message: the brain of an agent. With tools wired it works in steps, until it has an answer. */
import { z } from "zod";
import { type AgentInputs, runAgentLoop } from "../runtime/agent/loop.ts";
import { Budget } from "../runtime/graph.ts";
import { schemaProblem } from "../runtime/json-schema.ts";
import { ActionFormat, Effort } from "../runtime/model.ts";
import { defineNode, type NodeIssue } from "../runtime/node.ts";
import type { Port } from "../runtime/port.ts";
import { previewText } from "../runtime/preview.ts";
import { renderTemplate, templateIssues, templateNames } from "../runtime/template.ts";

const config = z.strictObject({
  model: z.string().min(1).default("default"),
  /** A Liquid template, as in the prompt node; each name in it is an input. */
  instructions: z.string().max(200_000).default(""),
  maxSteps: z.number().int().min(1).max(100).default(10),
  budget: Budget.default({}),
  examples: z
    .array(z.strictObject({ user: z.string(), assistant: z.string() }))
    .max(50)
    .default([]),
  schema: z.record(z.string(), z.unknown()).nullable().default(null),
  temperature: z.number().min(0).max(2).nullable().default(null),
  topP: z.number().min(0).max(1).nullable().default(null),
  effort: z.enum(["auto", ...Effort.options]).default("auto"),
  outputTokens: z.number().int().min(1).max(1_000_000).nullable().default(null),
  // OpenAI takes four at most.
  stop: z.array(z.string().max(200)).max(4).default([]),
  toolLimit: z.number().int().min(1).max(128).default(12),
  format: z.enum(["auto", ...ActionFormat.options]).default("auto"),
});
type Config = z.infer<typeof config>;

const INPUTS: Port[] = [
  { id: "message", kind: "text", label: "Message" },
  { id: "instructions", kind: "text", label: "Instructions", optional: true },
  { id: "documents", kind: "documents", label: "Documents", many: true, optional: true },
  { id: "history", kind: "messages", label: "History", optional: true },
  { id: "files", kind: "files", label: "Files", optional: true },
  { id: "tools", kind: "tools", label: "Tools", many: true, optional: true },
];
/** Inputs of the node that are not text: they have their own part of the prompt. */
const RESERVED = new Set(INPUTS.map((port) => port.id).filter((id) => id !== "message"));
const isOwn = (name: string) => name === "message" || RESERVED.has(name);

export const llm = defineNode<Config>({
  type: "llm",
  version: 1,
  title: "Language model",
  summary: "Replies with the connected tools and documents",
  group: "think",
  icon: "brain",
  defaultId: "brain",
  config: config as unknown as z.ZodType<Config>,
  ports: ({ instructions }) => ({
    inputs: [
      ...INPUTS,
      ...templateNames(instructions).flatMap((id): Port[] => (isOwn(id) ? [] : [{ id, kind: "any" }])),
    ],
    outputs: [
      { id: "text", kind: "text", label: "Text" },
      { id: "json", kind: "json", label: "JSON" },
      { id: "messages", kind: "messages", label: "Messages" },
    ],
  }),
  form: {
    model: { widget: "model", help: 'The model that replies. "default" is the model chosen in the settings.' },
    instructions: {
      widget: "prompt",
      help: "Who the model is and how it replies. {{name}} inserts a value and becomes an input. Text on the Instructions port replaces this.",
    },
    temperature: {
      widget: "slider",
      help: "Low values give similar replies each time, high values more varied ones. Empty: the model's default.",
      min: 0,
      max: 2,
      step: 0.1,
    },
    effort: {
      widget: "select",
      label: "Reasoning effort",
      help: "How much a reasoning model thinks before it replies. Auto: the model's default.",
      advanced: true,
    },
    outputTokens: {
      widget: "number",
      label: "Output limit",
      help: "The most tokens of one reply, reasoning included. Empty: the limit in the model's profile.",
      advanced: true,
      min: 1,
      max: 1_000_000,
      step: 1,
    },
    topP: {
      widget: "slider",
      label: "Top-p",
      help: "Chooses among the likeliest words up to this share. Set this or the temperature. Empty: the model's default.",
      advanced: true,
      min: 0,
      max: 1,
      step: 0.05,
    },
    stop: {
      widget: "texts",
      label: "Stop texts",
      help: "The reply ends before the first of these texts. At most four.",
      advanced: true,
      max: 4,
    },
    schema: {
      widget: "schema",
      label: "Reply schema",
      help: "The reply is JSON that follows this schema, on the JSON output. Empty: plain text.",
      advanced: true,
    },
    examples: {
      widget: "examples",
      help: "Questions and the replies you want. The model follows them.",
      advanced: true,
    },
    maxSteps: {
      widget: "number",
      label: "Max steps",
      help: "How many times the model may call tools before it must reply.",
      min: 1,
      max: 100,
      step: 1,
    },
    toolLimit: {
      widget: "number",
      help: "With more tools than this, each question is offered the best matches.",
      advanced: true,
      min: 1,
      max: 128,
      step: 1,
    },
    budget: {
      widget: "budget",
      help: "Limits for this node in one run. Empty: the agent's limits.",
      advanced: true,
    },
    format: {
      widget: "select",
      label: "Tool call format",
      help: "How the model writes tool calls. Auto uses the model's profile.",
      advanced: true,
    },
  },
  preview: ({ model, instructions }) => [
    { model },
    ...((instructions ?? "").trim() === "" ? [] : [{ text: previewText(instructions) }]),
  ],
  previewLines: 3,
  certainOutputs: "all",
  sessionInput: "history",
  textKey: "instructions",
  toolLimit: ({ toolLimit }) => toolLimit,
  words: {
    zh: {
      title: "大模型",
      summary: "结合工具和文档生成回复",
      fields: {
        model: { label: "模型", help: "用哪个模型回复。“默认”是设置中选定的模型。" },
        instructions: {
          label: "指令",
          help: "模型的角色和回复方式。用 {{name}} 插入一个值，每个名称都是一个输入。“指令”端口收到的文本会替换这里的内容。",
        },
        effort: { label: "推理强度", help: "推理模型在回复前思考多少。“自动”：使用模型的默认值。" },
        outputTokens: { label: "输出上限", help: "一次回复最多的 token 数，包括推理。留空：使用模型资料中的上限。" },
        topP: {
          label: "核采样（Top-p）",
          help: "只在累计概率达到此值的词中选择。与温度二选一。留空：使用模型的默认值。",
        },
        stop: { label: "停止文本", help: "遇到其中任何一段文本时，回复在它之前结束。最多四段。" },
        temperature: { label: "温度", help: "值越低，每次的回复越相似；值越高，变化越多。留空：使用模型的默认值。" },
        schema: { label: "回复的结构", help: "回复为符合此结构的 JSON，从 JSON 端口输出。留空：普通文本。" },
        examples: { label: "示例", help: "问题和期望的回复，模型会参照。" },
        maxSteps: { label: "最大步数", help: "模型在回复之前最多可以调用多少次工具。" },
        toolLimit: { label: "工具数量上限", help: "工具超过此数量时，按每个问题选出最相关的几个。" },
        budget: { label: "预算", help: "此节点一次运行的上限。留空：使用智能体的上限。" },
        format: { label: "工具调用格式", help: "模型如何书写工具调用。“自动”按模型资料确定。" },
      },
      ports: {
        message: "消息",
        instructions: "指令",
        documents: "文档",
        history: "历史",
        files: "文件",
        tools: "工具",
        text: "文本",
        json: "JSON",
        messages: "消息记录",
      },
      options: {
        auto: "自动",
        none: "不推理",
        low: "低",
        medium: "中",
        high: "高",
        native: "原生",
        hermes: "Hermes",
        react: "ReAct",
        modelscope: "ModelScope",
      },
    },
  },
  check({ instructions, schema }, connected, outputs) {
    const issues: NodeIssue[] = templateIssues(instructions, "/instructions", connected);
    for (const name of templateNames(instructions))
      if (RESERVED.has(name))
        issues.push({
          severity: "error",
          code: "bad-template",
          message: `{{${name}}} cannot be used in the instructions: the input "${name}" has its own part of the prompt.`,
          path: "/instructions",
          fix: "Choose another name, or remove it.",
        });
    const problem = schema && schemaProblem(schema);
    if (problem)
      issues.push({
        severity: "error",
        code: "bad-config",
        message: `The schema of the answer cannot be used: ${problem}.`,
        path: "/schema",
        fix: "Correct the JSON Schema, or leave it empty.",
      });
    if (!schema && outputs?.has("json"))
      issues.push({
        severity: "warning",
        code: "json-without-schema",
        message: 'The output "json" is connected, but no output format is set: it carries the reply as plain text.',
        path: "/schema",
        fix: 'Set an output format, or connect "text" instead.',
      });
    return issues;
  },
  needs: (own) => ({ models: [own.model] }),
  run(step) {
    const { config, inputs } = step;
    const given = inputs as unknown as AgentInputs;
    const instructions = given.instructions ?? renderTemplate(config.instructions, inputs);
    return runAgentLoop(step, { ...given, instructions }, config);
  },
});
