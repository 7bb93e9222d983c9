import { z } from "zod";
import { PatchbayError } from "../runtime/error.ts";
import { Field, fieldPorts, takenNames } from "../runtime/field.ts";
import { defineNode } from "../runtime/node.ts";
import { previewText } from "../runtime/preview.ts";

const config = z.strictObject({
  source: z.string().max(200_000).default("return { result: input.value };"),
  timeoutMs: z.number().int().min(10).max(60_000).default(5000),
  inputs: z
    .array(Field)
    .max(50)
    .default([{ name: "value", kind: "any", required: true }]),
  outputs: z
    .array(Field)
    .max(50)
    .default([{ name: "result", kind: "any", required: true }]),
});

/** Runs JavaScript in a sandbox without files, network or clock: JSON in, JSON out. */
export const code = defineNode<z.infer<typeof config>>({
  type: "code",
  version: 1,
  title: "Code",
  summary: "Runs JavaScript in a sandbox",
  group: "act",
  icon: "code",
  config,
  ports: ({ inputs, outputs }) => ({ inputs: fieldPorts(inputs), outputs: fieldPorts(outputs) }),
  form: {
    source: {
      widget: "code",
      label: "JavaScript",
      help: "The inputs are in the variable input. Return an object with one key per output. The sandbox has no files and no network.",
    },
    inputs: { widget: "fields", label: "Inputs" },
    outputs: { widget: "fields", label: "Outputs" },
    timeoutMs: {
      widget: "number",
      label: "Timeout (ms)",
      help: "The code is stopped after this time.",
      min: 10,
      max: 60000,
      advanced: true,
    },
  },
  preview: ({ source }) => (source.trim() === "" ? [] : [{ mono: previewText(source) }]),
  previewLines: 3,
  uncheckedOutputs: true,
  textKey: "source",
  words: {
    zh: {
      title: "代码",
      summary: "在沙箱中运行 JavaScript",
      fields: {
        source: {
          label: "JavaScript",
          help: "输入在变量 input 中；返回一个对象，每个输出对应一个键。沙箱不能读写文件，也不能访问网络。",
        },
        inputs: { label: "输入" },
        outputs: { label: "输出" },
        timeoutMs: { label: "超时（毫秒）", help: "超过此时间后停止代码。" },
      },
    },
  },
  check: ({ inputs, outputs }) => [...takenNames(inputs, [], "/inputs"), ...takenNames(outputs, ["error"], "/outputs")],
  async run({ config, inputs, host, signal }) {
    const value = await host.evaluate(config.source, inputs, { timeoutMs: config.timeoutMs }, signal);
    const names = config.outputs.map(({ name }) => name);
    const object =
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? (value as Record<string, unknown>)
        : undefined;
    // With one output, a plain value is meant for it.
    if (names.length === 1 && !(object && Object.hasOwn(object, names[0]!))) return { [names[0]!]: value ?? null };
    const missing = config.outputs.find(({ name, required }) => required && !(object && Object.hasOwn(object, name)));
    if (missing)
      throw new PatchbayError(
        "code_failed",
        `The code returned nothing for "${missing.name}". Return an object with the keys ${names.join(", ")}.`,
      );
    return Object.fromEntries(
      names.filter((name) => Object.hasOwn(object!, name)).map((name) => [name, object![name]]),
    );
  },
});
