import { z } from "zod";
import { Body, bodyGraphs, bodyNeeds, compileBody, containerIssues, previewBody } from "../runtime/body.ts";
import { Field, fieldPorts } from "../runtime/field.ts";
import { defineNode } from "../runtime/node.ts";
import { matchesRule, Rule, ruleIssues } from "../runtime/rule.ts";
import { valueText } from "../runtime/template.ts";

const config = z.strictObject({
  body: Body.default(null),
  inputs: z.array(Field).max(50).default([]),
  /** Goes on as long as the result of the iteration matches the rule; by default: as long as there is a result. */
  while: Rule.prefault({ op: "present" }),
  maxTurns: z.number().int().min(1).max(1000).default(10),
});

/**
 * Runs its body repeatedly: the `message` of each iteration is the result of the one before; the first gets the given value.
 * The body's input receives, if it declares them, `turn` (from 0), `first` (the given value) and the inputs declared here.
 */
export const loop = defineNode<z.infer<typeof config>>({
  type: "loop",
  version: 1,
  title: "Loop",
  summary: "Repeats the body while a rule is met",
  role: "container",
  group: "flow",
  icon: "repeat",
  config,
  ports: ({ inputs }) => ({
    inputs: [{ id: "value", kind: "any" }, ...fieldPorts(inputs)],
    outputs: [
      { id: "result", kind: "any" },
      { id: "results", kind: "json" },
    ],
  }),
  form: {
    body: { widget: "body", label: "Body", help: "What runs in each iteration." },
    while: { widget: "rule", label: "Continue while", help: "A condition on the result of the iteration." },
    maxTurns: {
      widget: "slider",
      label: "Max iterations",
      help: "The loop ends here even if the rule is still met.",
      min: 1,
      max: 50,
      step: 1,
    },
    inputs: { widget: "fields", label: "Shared inputs", advanced: true },
  },
  preview: ({ body }, nodes) => previewBody(body, nodes),
  body: {
    each: "turn",
    fields: [
      { name: "first", kind: "any", required: false },
      { name: "turn", kind: "json", required: false },
    ],
  },
  words: {
    zh: {
      title: "循环",
      summary: "满足条件时重复运行子流程",
      fields: {
        body: { label: "子流程", help: "每一轮运行的内容。" },
        while: { label: "继续条件", help: "对本轮结果的判断条件。" },
        maxTurns: { label: "最大轮数", help: "达到此轮数后结束，即使条件仍然满足。" },
        inputs: { label: "共享输入" },
      },
      ports: { value: "值", result: "结果", results: "结果列表" },
    },
  },
  check: ({ body, inputs, while: rule }) => [
    ...containerIssues(body, inputs, ["value", "turn", "first", "message"]),
    ...ruleIssues(rule, "/while"),
  ],
  bodies: ({ body }) => bodyGraphs(body),
  needs: ({ body }) => bodyNeeds(body),
  async run(step) {
    const { value: first, ...shared } = step.inputs;
    const graph = await compileBody(step, step.config.body);
    const results: unknown[] = [];
    let value = first;
    for (let turn = 0; turn < step.config.maxTurns; turn++) {
      const { reply } = await step.runBody(graph, { turn }, { ...shared, message: valueText(value), first, turn });
      value = reply ?? null;
      results.push(value);
      if (!matchesRule(value, step.config.while)) break;
    }
    return { result: value, results };
  },
});
