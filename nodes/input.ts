import { z } from "zod";
import { Field, fieldPorts, takenNames } from "../runtime/field.ts";
import { defineNode, type Values } from "../runtime/node.ts";
import { previewNames } from "../runtime/preview.ts";

const OWN = ["message", "history", "files"];

const config = z.strictObject({ fields: z.array(Field).max(50).default([]) });

/** Where a run begins: the message, the conversation before it, files, and the fields that the author declares. */
export const input = defineNode<z.infer<typeof config>>({
  type: "input",
  version: 1,
  title: "Input",
  summary: "Starts with the user's message",
  role: "input",
  group: "io",
  icon: "message-circle",
  defaultId: "ask",
  config,
  ports: ({ fields }) => ({
    inputs: [],
    outputs: [
      { id: "message", kind: "text" },
      { id: "history", kind: "messages" },
      { id: "files", kind: "files" },
      ...fieldPorts(fields).map((port) => ({ ...port, optional: true })),
    ],
  }),
  form: {
    fields: {
      widget: "fields",
      label: "Fields",
      help: "Values a caller can send beside the message. Each becomes an output.",
    },
  },
  preview: ({ fields }) => previewNames(fields.map(({ name }) => name)),
  emptyText: "Messages come in here.",
  certainOutputs: ["message"],
  harmless: true,
  words: {
    zh: {
      title: "输入",
      summary: "接收用户消息",
      emptyText: "消息从这里进来。",
      fields: { fields: { label: "字段", help: "除消息外，调用方还可以传入的值。每个字段都是一个输出。" } },
      ports: { message: "消息", history: "历史", files: "文件" },
    },
  },
  check: ({ fields }) => takenNames(fields, OWN, "/fields"),
  async run({ config, run }) {
    const values: Values = { message: run.input.message };
    if (run.input.history) values.history = run.input.history;
    if (run.input.files) values.files = run.input.files;
    for (const field of config.fields)
      if (Object.hasOwn(run.input, field.name)) values[field.name] = run.input[field.name];
    return values;
  },
});
