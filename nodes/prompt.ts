import { z } from "zod";
import { defineNode } from "../runtime/node.ts";
import { renderTemplate, templateFault, templateNames } from "../runtime/template.ts";

const config = z.strictObject({ template: z.string().max(200_000).default("") });

/** Fills a Liquid template; each name in it is an input. */
export const prompt = defineNode<z.infer<typeof config>>({
  type: "prompt",
  version: 1,
  title: "Prompt",
  summary: "Fills a template",
  group: "think",
  icon: "text",
  config,
  ports: ({ template }) => ({
    inputs: templateNames(template).map((id) => ({ id, kind: "any" })),
    outputs: [{ id: "text", kind: "text" }],
  }),
  form: {
    template: {
      widget: "prompt",
      label: "Template",
      help: "Write {{name}} where a value goes in: it becomes an input.",
    },
  },
  check({ template }) {
    const fault = templateFault(template);
    return fault === undefined
      ? []
      : [
          {
            severity: "error",
            code: "bad-template",
            message: fault,
            path: "/template",
            mend: "Close each {{ with }} and each {% with %}.",
          },
        ];
  },
  run: async ({ config, inputs }) => ({ text: renderTemplate(config.template, inputs) }),
});
