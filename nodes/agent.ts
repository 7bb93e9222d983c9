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

/** Calls another agent. Its events belong to this run. */
export const agent = defineNode<Config>({
  type: "agent",
  version: 1,
  title: "Agent",
  summary: "Calls another agent",
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
      help: "Empty: the live version. Publishing this agent fixes it.",
      min: 1,
      advanced: true,
    },
  },
  preview: ({ agent }) => (agent === "" ? [] : [{ agent }]),
  words: {
    zh: {
      title: "智能体",
      summary: "调用另一个智能体",
      fields: {
        agent: { label: "智能体", help: "它的输入和输出就是此节点的端口。" },
        version: { label: "版本", help: "留空：使用线上版本，发布时固定下来。" },
      },
      ports: { message: "消息", history: "历史", files: "文件", reply: "回复", documents: "文档" },
    },
  },
  needs: ({ agent, version }) => ({ agents: [version === null ? { agent } : { agent, version }] }),
  async run(step) {
    const graph = await step.host.graph(...ref(step.config));
    const { message, ...fields } = step.inputs;
    return step.runBody(graph, {}, { ...fields, message: valueText(message) }, { feedsReply: true });
  },
});
