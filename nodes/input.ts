import { z } from "zod";
import { Field, fieldPorts, repeatedName } from "../runtime/field.ts";
import { defineNode, type Values } from "../runtime/node.ts";

const OWN = ["message", "history", "files"];

const config = z.strictObject({ fields: z.array(Field).max(50).default([]) });

/** Where a run begins: the message, the conversation before it, files, and the fields that the author declares. */
export const input = defineNode<z.infer<typeof config>>({
  type: "input",
  version: 1,
  title: "Input",
  summary: "Where the message comes in",
  role: "input",
  group: "io",
  icon: "message-circle",
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
      help: "What a caller may send beside the message. Each becomes a port.",
    },
  },
  check({ fields }) {
    const twice = repeatedName(fields, OWN);
    return twice === undefined
      ? []
      : [
          {
            severity: "error",
            code: "bad-config",
            message: `The field name "${twice}" is taken.`,
            path: "/fields",
            mend: "Give it another name.",
          },
        ];
  },
  async run({ config, run }) {
    const values: Values = { message: run.input.message };
    if (run.input.history) values.history = run.input.history;
    if (run.input.files) values.files = run.input.files;
    for (const field of config.fields)
      if (Object.hasOwn(run.input, field.name)) values[field.name] = run.input[field.name];
    return values;
  },
});
