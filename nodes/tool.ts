import { z } from "zod";
import { defineNode } from "../runtime/node.ts";
import { Approval, approvalOf, type ToolOffer } from "../runtime/tool.ts";

const config = z.strictObject({
  /** Names, or `mcp/<server>/*`. */
  tools: z.array(z.string().min(1).max(300)).max(2000).default([]),
  approve: z.record(z.string(), Approval).default({}),
  /** In every prompt, also when there are more tools than fit and the others are searched for. */
  pinned: z.array(z.string().min(1).max(300)).max(64).default([]),
});

/** Offers tools to a model. Which are called is the model's choice; which may be is decided here. */
export const tool = defineNode<z.infer<typeof config>>({
  type: "tool",
  version: 1,
  title: "Tools",
  summary: "Offers tools to a model",
  group: "act",
  icon: "wrench",
  config,
  ports: () => ({ inputs: [], outputs: [{ id: "tools", kind: "tools" }] }),
  form: {
    tools: {
      widget: "tools",
      label: "Tools",
      help: "What the model may call. A tool that changes something asks a person first, unless you say otherwise.",
    },
    approve: { widget: "hidden" },
    pinned: { widget: "hidden" },
  },
  needs: ({ tools, approve }) => ({ tools, approvals: approve }),
  async run({ config, host, run, signal }) {
    const specs = await host.tools(config.tools, signal);
    const tools: ToolOffer[] = [];
    for (const spec of specs) {
      // The agent's settings, then this node, then what the tool does: reading goes ahead, anything else asks.
      const approve =
        approvalOf(spec.name, run.settings.approvals, config.approve) ?? (spec.effect === "read" ? "auto" : "ask");
      if (approve !== "off")
        tools.push({ ...spec, approve, ...(config.pinned.includes(spec.name) ? { pinned: true } : {}) });
    }
    return { tools };
  },
});
