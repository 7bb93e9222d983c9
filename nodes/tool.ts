import { z } from "zod";
import { approvalFor } from "../runtime/approval.ts";
import { defineNode } from "../runtime/node.ts";
import type { PreviewPart } from "../runtime/preview.ts";
import { Approval, matchesTool, type ToolOffer } from "../runtime/tool.ts";

const config = z.strictObject({
  /** Names, or `mcp/<server>/*`. */
  tools: z.array(z.string().min(1).max(300)).max(2000).default([]),
  approve: z.record(z.string(), Approval).default({}),
  /** In every prompt, also when there are more tools than fit and the others are searched for. */
  pinned: z.array(z.string().min(1).max(300)).max(64).default([]),
});
type Config = z.infer<typeof config>;

/** Tools on a card; there is room for fewer. */
const MAX_SHOWN = 20;

/** Offers tools to a model. The model chooses which to call; this node decides which it may call. */
export const tool = defineNode<Config>({
  type: "tool",
  version: 1,
  title: "Tools",
  summary: "Offers tools to a language model",
  group: "act",
  icon: "wrench",
  defaultId: "kit",
  config,
  ports: () => ({ inputs: [], outputs: [{ id: "tools", kind: "tools" }] }),
  form: {
    tools: {
      widget: "tools",
      label: "Tools",
      help: "Tools the model may call. Tools that change something ask for approval unless you set otherwise.",
    },
    approve: { widget: "hidden" },
    pinned: { widget: "hidden" },
  },
  preview: previewTools,
  previewResult: ({ tools }) =>
    Array.isArray(tools)
      ? (tools as ToolOffer[]).slice(0, MAX_SHOWN).map(({ name, approve }) => ({ tool: name, approve }))
      : [],
  certainOutputs: "all",
  harmless: true,
  words: {
    zh: {
      title: "工具",
      summary: "为大模型提供工具",
      fields: { tools: { label: "工具", help: "模型可以调用的工具。会更改数据的工具默认需要审批，除非另行设置。" } },
      ports: { tools: "工具" },
    },
  },
  needs: ({ tools, approve }) => ({ tools, approvals: approve }),
  async run({ config, host, run, signal }) {
    const specs = await host.tools(config.tools, signal);
    const tools: ToolOffer[] = [];
    for (const spec of specs) {
      const approve = approvalFor(spec, run.settings, config.approve);
      if (approve !== "off")
        tools.push({ ...spec, approve, ...(config.pinned.includes(spec.name) ? { pinned: true } : {}) });
    }
    return { tools };
  },
});

function previewTools({ tools, approve }: Config): PreviewPart[] {
  return tools.slice(0, MAX_SHOWN).map((tool) => {
    const [, setting] = Object.entries(approve).find(([pattern]) => matchesTool(pattern, tool)) ?? [];
    return { tool, ...(setting ? { approve: setting } : {}) };
  });
}
