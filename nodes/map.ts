import { z } from "zod";
import { Body, bodyGraphs, bodyNeeds, compileBody, containerIssues, previewBody } from "../runtime/body.ts";
import { errorData, PatchbayError } from "../runtime/error.ts";
import { Field, fieldPorts } from "../runtime/field.ts";
import { defineNode } from "../runtime/node.ts";
import { Parked } from "../runtime/pending-work.ts";
import { valueText } from "../runtime/template.ts";

const MAX_ITEMS = 10_000;

const config = z.strictObject({
  body: Body.default(null),
  inputs: z.array(Field).max(50).default([]),
  concurrency: z.number().int().min(1).max(64).default(4),
  onItemError: z.enum(["fail", "skip", "collect"]).default("fail"),
});

/**
 * Runs its body once for each item, several at a time; results in the order of the items. The body's input receives the
 * item as `message` (text, or its JSON) and, if it declares them, `item`, `index` and the inputs declared here.
 */
export const map = defineNode<z.infer<typeof config>>({
  type: "map",
  version: 1,
  title: "Map",
  summary: "Runs the body for each item",
  role: "container",
  group: "flow",
  icon: "layers",
  config,
  ports: ({ inputs }) => ({
    inputs: [{ id: "items", kind: "any" }, ...fieldPorts(inputs)],
    outputs: [{ id: "results", kind: "json" }],
  }),
  form: {
    body: { widget: "body", label: "Body", help: "What runs for each item." },
    concurrency: {
      widget: "slider",
      label: "Concurrency",
      help: "Items processed at the same time. More is faster and sends more requests to the model at once.",
      min: 1,
      max: 16,
      step: 1,
    },
    onItemError: {
      widget: "select",
      label: "If an item fails",
      help: "Fail stops the node, Skip drops the item, Collect puts the error in its position.",
    },
    inputs: {
      widget: "fields",
      label: "Shared inputs",
      help: "Values that every item receives, by name.",
      advanced: true,
    },
  },
  preview: ({ body }, nodes) => previewBody(body, nodes),
  body: {
    each: "item",
    fields: [
      { name: "item", kind: "any", required: false },
      { name: "index", kind: "json", required: false },
    ],
  },
  words: {
    zh: {
      title: "逐项处理",
      summary: "对每一项运行子流程",
      fields: {
        body: { label: "子流程", help: "对每一项运行的内容。" },
        concurrency: { label: "并发数", help: "同时处理的项数。越多越快，同时发给模型的请求也越多。" },
        onItemError: {
          label: "某一项失败时",
          help: "“停止”让节点失败，“跳过”舍弃该项，“收集”在该项的位置放入错误。",
        },
        inputs: { label: "共享输入", help: "每一项都会收到的值，按名称对应。" },
      },
      ports: { items: "列表", results: "结果列表" },
      options: { fail: "停止", skip: "跳过", collect: "收集" },
    },
  },
  check: ({ body, inputs }) => containerIssues(body, inputs, ["items", "item", "index", "message"]),
  bodies: ({ body }) => bodyGraphs(body),
  needs: ({ body }) => bodyNeeds(body),
  async run(step) {
    const { config } = step;
    const { items: given, ...shared } = step.inputs;
    const items = listOf(given);
    if (items.length > MAX_ITEMS)
      throw new PatchbayError(
        "bad_request",
        `${step.title} was given ${items.length} items; the most is ${MAX_ITEMS}.`,
      );
    const graph = await compileBody(step, config.body);
    const results = await step.all(
      items.map((item, index) => async (signal) => {
        try {
          const { reply } = await step.runBody(
            graph,
            { item: index },
            { ...shared, message: valueText(item), item, index },
            { signal },
          );
          return { value: reply ?? null };
        } catch (thrown) {
          if (config.onItemError === "fail" || thrown instanceof Parked || signal.aborted) throw thrown;
          return { error: errorData(thrown) };
        }
      }),
      config.concurrency,
    );
    return {
      results: results.flatMap((result) =>
        "value" in result ? [result.value] : config.onItemError === "skip" ? [] : [{ error: result.error }],
      ),
    };
  },
});

/** A list as it is; text that is a JSON list; text by lines; one thing as a list of one. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return value === undefined || value === null ? [] : [value];
  const text = value.trim();
  if (text.startsWith("[")) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list)) return list;
    } catch {
      // Not JSON: lines.
    }
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}
