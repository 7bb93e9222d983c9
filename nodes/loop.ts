import { z } from "zod";
import { Body, bodyGraphs, bodyNeeds, containerIssues, openBody } from "../runtime/body.ts";
import { Field, fieldPorts } from "../runtime/field.ts";
import { defineNode } from "../runtime/node.ts";
import { meets, Rule } from "../runtime/rule.ts";
import { valueText } from "../runtime/template.ts";

const config = z.strictObject({
  body: Body.default(null),
  inputs: z.array(Field).max(50).default([]),
  /** Goes on as long as the turn's result meets it; by default: as long as there is a result. */
  while: Rule.prefault({ op: "present" }),
  maxTurns: z.number().int().min(1).max(1000).default(10),
});

/**
 * Runs its body again and again: each turn's `message` is the turn before's result (at first the value it was given).
 * The body's input gets, where it declares them, `turn` (from 0), `first` (the value at first) and the inputs declared here.
 */
export const loop = defineNode<z.infer<typeof config>>({
  type: "loop",
  version: 1,
  title: "Loop",
  summary: "Again, while a rule holds",
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
    body: { widget: "body", label: "Body", help: "What happens at each turn." },
    while: { widget: "json", label: "Go on while", help: "A rule on the turn's result." },
    maxTurns: {
      widget: "slider",
      label: "Turns at most",
      help: "It stops here even when the rule still holds.",
      min: 1,
      max: 50,
      step: 1,
    },
    inputs: { widget: "fields", label: "Inputs for every turn", advanced: true },
  },
  check: ({ body, inputs }) => containerIssues(body, inputs, ["value", "turn", "first", "message"]),
  bodies: ({ body }) => bodyGraphs(body),
  needs: ({ body }) => bodyNeeds(body),
  async run(step) {
    const { value: first, ...shared } = step.inputs;
    const graph = await openBody(step, step.config.body);
    const results: unknown[] = [];
    let value = first;
    for (let turn = 0; turn < step.config.maxTurns; turn++) {
      const { reply } = await step.body(graph, { turn }, { ...shared, message: valueText(value), first, turn });
      value = reply ?? null;
      results.push(value);
      if (!meets(value, step.config.while)) break;
    }
    return { result: value, results };
  },
});
