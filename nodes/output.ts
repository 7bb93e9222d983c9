import { z } from "zod";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({});

/** Where a run ends: the value of `reply` is the reply; `documents` are its sources. */
export const output = defineNode<z.infer<typeof config>>({
  type: "output",
  version: 1,
  title: "Output",
  summary: "Returns the reply",
  role: "output",
  group: "io",
  icon: "flag",
  defaultId: "reply",
  config,
  ports: () => ({
    inputs: [
      { id: "reply", kind: "any" },
      { id: "documents", kind: "documents", optional: true },
    ],
    outputs: [],
  }),
  previewLines: 3,
  emptyText: "The value that arrives here is the reply.",
  words: {
    zh: {
      title: "输出",
      summary: "返回回复",
      emptyText: "到达这里的内容就是回复。",
      ports: { reply: "回复", documents: "文档" },
    },
  },
  // Its values are the run's output; it has no ports to give them to.
  run: async ({ inputs }) => inputs,
});
