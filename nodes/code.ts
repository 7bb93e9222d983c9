import { z } from "zod";
import { PatchbayError } from "../runtime/error.ts";
import { Field, fieldPorts, repeatedName } from "../runtime/field.ts";
import { defineNode, type NodeIssue } from "../runtime/node.ts";

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

/** Runs JavaScript in a sandbox: no files, no network, no clock of ours; JSON in, JSON out. */
export const code = defineNode<z.infer<typeof config>>({
  type: "code",
  version: 1,
  title: "Code",
  summary: "Sandboxed JavaScript",
  group: "act",
  icon: "code",
  config,
  ports: ({ inputs, outputs }) => ({ inputs: fieldPorts(inputs), outputs: fieldPorts(outputs) }),
  form: {
    source: {
      widget: "code",
      label: "JavaScript",
      help: "The inputs are in `input`. Return an object with one key an output. It runs sandboxed: no files, no network.",
    },
    inputs: { widget: "fields", label: "Inputs" },
    outputs: { widget: "fields", label: "Outputs" },
    timeoutMs: {
      widget: "number",
      label: "Time limit (ms)",
      help: "The code is stopped after it.",
      min: 10,
      max: 60000,
      advanced: true,
    },
  },
  check({ inputs, outputs }) {
    const issues: NodeIssue[] = [];
    for (const [key, fields, taken] of [
      ["inputs", inputs, []],
      ["outputs", outputs, ["error"]],
    ] as const) {
      const twice = repeatedName(fields, taken);
      if (twice !== undefined)
        issues.push({
          severity: "error",
          code: "bad-config",
          message: `The name "${twice}" is taken.`,
          path: `/${key}`,
          mend: "Give it another name.",
        });
    }
    return issues;
  },
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
