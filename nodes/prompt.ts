import { z } from "zod";
import { defineNode } from "../runtime/node.ts";
import { previewText } from "../runtime/preview.ts";
import { renderTemplate, templateIssues, templateNames } from "../runtime/template.ts";

const config = z.strictObject({ template: z.string().max(200_000).default("") });

/** Fills a Liquid template; each name in it is an input. */
export const prompt = defineNode<z.infer<typeof config>>({
  type: "prompt",
  version: 1,
  title: "Prompt",
  summary: "Builds text from a template",
  group: "think",
  icon: "text",
  defaultId: "brief",
  config,
  ports: ({ template }) => ({
    inputs: templateNames(template).map((id) => ({ id, kind: "any" })),
    outputs: [{ id: "text", kind: "text" }],
  }),
  withInput: (name) => ({ template: `{{${name}}}` }),
  form: {
    template: {
      widget: "prompt",
      label: "Template",
      help: "Write {{name}} to insert a value; typing {{ lists what there is. Each name becomes an input.",
    },
  },
  preview: ({ template }) => (template.trim() === "" ? [] : [{ text: previewText(template) }]),
  previewLines: 3,
  emptyText: "Empty template.",
  certainOutputs: "all",
  harmless: true,
  textKey: "template",
  words: {
    zh: {
      title: "提示词",
      summary: "用模板生成文本",
      emptyText: "模板为空。",
      fields: {
        template: { label: "模板", help: "用 {{name}} 插入一个值，输入 {{ 会列出可用的值。每个名称都是一个输入。" },
      },
      ports: { text: "文本" },
    },
  },
  check: ({ template }, inputs) => templateIssues(template, "/template", inputs),
  run: async ({ config, inputs }) => ({ text: renderTemplate(config.template, inputs) }),
});
