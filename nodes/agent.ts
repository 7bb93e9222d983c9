import { z } from "zod";
import { portsWithFields } from "../runtime/agent-ports.ts";
import { defineNode } from "../runtime/node.ts";
import { valueText } from "../runtime/template.ts";

const config = z.strictObject({
  /** Id or slug. */
  agent: z.string().max(200).default(""),
  version: z.number().int().min(1).nullable().default(null),
});
type Config = z.infer<typeof config>;

const ref = ({ agent, version }: Config): [string, number?] => (version === null ? [agent] : [agent, version]);

/** Another agent as a node. Its events are part of this run. */
export const agent = defineNode<Config>({
  type: "agent",
  version: 1,
  title: "Agent",
  summary: "Another agent as a node",
  role: "calls-agent",
  group: "think",
  icon: "bot",
  config,
  ports: (config, context) => context?.agent?.(...ref(config)) ?? { ...portsWithFields([]), open: true },
  form: {
    agent: { widget: "agent", label: "Agent", help: "Its inputs and outputs become this node's ports." },
    version: {
      widget: "number",
      label: "Version",
      help: "Empty: the live version; publishing fixes it.",
      min: 1,
      advanced: true,
    },
  },
  needs: ({ agent, version }) => ({ agents: [version === null ? { agent } : { agent, version }] }),
  async run(step) {
    const graph = await step.host.graph(...ref(step.config));
    const { message, ...fields } = step.inputs;
    return step.body(graph, {}, { ...fields, message: valueText(message) }, { answers: true });
  },
});
