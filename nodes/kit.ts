/**
 * What a node module from outside this folder receives as its argument (see docs/nodes.md). It imports nothing itself:
 * the server and the editor load the same file and pass the same kit.
 */
import { z } from "zod";
import { askModel } from "../runtime/agent/ask-model.ts";
import { Body, bodyGraphs, bodyNeeds, compileBody, containerIssues, previewBody } from "../runtime/body.ts";
import { PatchbayError } from "../runtime/error.ts";
import { Field, fieldPorts, takenNames } from "../runtime/field.ts";
import { defineNode, type NodeDefinition } from "../runtime/node.ts";
import { previewNames, previewText } from "../runtime/preview.ts";
import { matchesRule, Rule, ruleIssues } from "../runtime/rule.ts";
import { renderTemplate, templateFault, templateIssues, templateNames, valueText } from "../runtime/template.ts";

export const nodeKit = {
  /** The parts of zod that a config needs; named one by one, so that the browser loads only these. */
  z: {
    array: z.array,
    boolean: z.boolean,
    enum: z.enum,
    literal: z.literal,
    number: z.number,
    record: z.record,
    strictObject: z.strictObject,
    string: z.string,
    union: z.union,
    unknown: z.unknown,
  },
  defineNode,
  PatchbayError,
  Field,
  fieldPorts,
  takenNames,
  renderTemplate,
  templateFault,
  templateIssues,
  templateNames,
  valueText,
  previewText,
  previewNames,
  Rule,
  matchesRule,
  ruleIssues,
  askModel,
  Body,
  bodyGraphs,
  bodyNeeds,
  containerIssues,
  compileBody,
  previewBody,
} as const;

export type NodeKit = typeof nodeKit;

/** The default export of a node module. */
// biome-ignore lint/suspicious/noExplicitAny: each module has its own config
export type NodeModule = (kit: NodeKit) => NodeDefinition<any>;
