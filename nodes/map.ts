import { z } from "zod";
import { Body, bodyGraphs, bodyNeeds, containerIssues, openBody } from "../runtime/body.ts";
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
 * Runs its body once for each item, several at a time; results in the order of the items. The body's input gets the item
 * as `message` (text; JSON where it is none) and, where it declares them, `item`, `index` and the inputs declared here.
 */
export const map = defineNode<z.infer<typeof config>>({
  type: "map",
  version: 1,
  title: "Map",
  summary: "The same for each item",
  role: "container",
  group: "flow",
  icon: "layers",
  config,
  ports: ({ inputs }) => ({
    inputs: [{ id: "items", kind: "any" }, ...fieldPorts(inputs)],
    outputs: [{ id: "results", kind: "json" }],
  }),
  form: {
    body: { widget: "body", label: "Body", help: "What happens to each item." },
    concurrency: {
      widget: "slider",
      label: "At once",
      help: "More is quicker, and asks more of the model.",
      min: 1,
      max: 16,
      step: 1,
    },
    onItemError: {
      widget: "select",
      label: "When an item fails",
      help: "Fail stops everything, skip leaves it out, collect keeps the error in its place.",
    },
    inputs: {
      widget: "fields",
      label: "Inputs for every item",
      help: "The same value for each item, by name.",
      advanced: true,
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
    const graph = await openBody(step, config.body);
    const results = await step.all(
      items.map((item, index) => async (signal) => {
        try {
          const { reply } = await step.body(
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
