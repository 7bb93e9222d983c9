import { z } from "zod";
import { approvalFor, approvedArguments } from "../runtime/approval.ts";
import { argumentsHash } from "../runtime/arguments-hash.ts";
import { PatchbayError } from "../runtime/error.ts";
import { FIELD_NAME } from "../runtime/field.ts";
import { defineNode } from "../runtime/node.ts";
import type { Kind, Port } from "../runtime/port.ts";
import { shortToolName } from "../runtime/preview.ts";
import type { ToolSpec } from "../runtime/tool.ts";

const config = z.strictObject({
  tool: z.string().max(300).default(""),
  /** Arguments that are the same at every call; they have no port. */
  arguments: z.record(z.string(), z.unknown()).default({}),
});

/** Calls one tool in every run: the author decides, not a model. */
export const action = defineNode<z.infer<typeof config>>({
  type: "action",
  version: 1,
  title: "Action",
  summary: "Always calls one tool",
  group: "act",
  icon: "zap",
  config,
  ports({ tool, arguments: fixed }, context) {
    const spec = context?.tool?.(tool);
    const outputs: Port[] = [{ id: "result", kind: "any" }];
    return spec ? { inputs: argumentPorts(spec, fixed), outputs } : { inputs: [], outputs, open: true };
  },
  form: {
    tool: { widget: "tool", label: "Tool", help: "Each of its arguments becomes an input." },
    arguments: {
      widget: "keyvalue",
      label: "Fixed arguments",
      help: "Sent with every call. A fixed argument has no input.",
    },
  },
  preview: ({ tool }) => (tool === "" ? [] : [{ mono: shortToolName(tool) }]),
  certainOutputs: "all",
  words: {
    zh: {
      title: "动作",
      summary: "固定调用一个工具",
      fields: {
        tool: { label: "工具", help: "它的每个参数都是一个输入。" },
        arguments: { label: "固定参数", help: "每次调用都使用的值。固定参数没有输入端口。" },
      },
      ports: { result: "结果" },
    },
  },
  needs: ({ tool }) => ({ tools: tool === "" ? [] : [tool] }),
  check: ({ tool }) =>
    tool === ""
      ? [
          {
            severity: "error",
            code: "missing-tool",
            message: "This action calls no tool yet.",
            path: "/tool",
            fix: "Choose a tool.",
          },
        ]
      : [],
  async run(step) {
    const [spec] = await step.host.tools([step.config.tool], step.signal);
    if (!spec) throw new PatchbayError("tool_not_allowed", `There is no tool "${step.config.tool}".`);
    const call = {
      id: step.attempt === 1 ? "action" : `action-${step.attempt}`,
      name: spec.name,
      arguments: { ...step.config.arguments, ...step.inputs },
    };
    let approved: ReturnType<typeof approvedArguments> = { arguments: call.arguments };
    const approval = approvalFor(spec, step.run.settings, "auto");
    if (approval === "off") throw new PatchbayError("tool_not_allowed", `The agent's settings turn ${spec.name} off.`);
    if (approval === "ask") {
      const decision = await step.wait("approve", {
        kind: "tool",
        question: `Call ${spec.name}?`,
        call: { id: call.id, tool: spec.name, arguments: call.arguments },
        argsHash: argumentsHash(call.arguments),
        schema: spec.parameters,
      });
      if (decision.choice !== "approve")
        throw new PatchbayError("rejected", `A person refused the call of ${spec.name}.`);
      approved = approvedArguments(spec, call.arguments, decision);
      if (approved.fault)
        throw new PatchbayError("bad_arguments", `The edited arguments of ${spec.name} do not fit: ${approved.fault}.`);
    }
    step.spend({ toolCalls: 1 });
    const { arguments: given, ...changed } = approved;
    const result = await step.callTool({ ...call, arguments: given }, spec, changed);
    if (result.error) throw new PatchbayError("tool_failed", `${spec.name}: ${result.content}`);
    return { result: result.value ?? result.content };
  },
});

function argumentPorts(spec: ToolSpec, fixed: Record<string, unknown>): Port[] {
  const properties = (spec.parameters.properties ?? {}) as Record<string, { type?: unknown }>;
  const required = Array.isArray(spec.parameters.required) ? spec.parameters.required : [];
  return Object.entries(properties)
    .filter(([name]) => FIELD_NAME.test(name) && !Object.hasOwn(fixed, name))
    .map(([id, schema]) => ({
      id,
      kind: argumentKind(schema?.type),
      ...(required.includes(id) ? {} : { optional: true }),
    }));
}

function argumentKind(type: unknown): Kind {
  return type === "string" ? "text" : type === "object" || type === "array" ? "json" : "any";
}
