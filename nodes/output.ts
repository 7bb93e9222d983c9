import { z } from "zod";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({});

/** Where a run ends: what reaches `reply` is the answer; `documents` are its sources. */
export const output = defineNode<z.infer<typeof config>>({
  type: "output",
  version: 1,
  title: "Output",
  summary: "What reaches it is the answer",
  role: "output",
  group: "io",
  icon: "flag",
  config,
  ports: () => ({
    inputs: [
      { id: "reply", kind: "any" },
      { id: "documents", kind: "documents", optional: true },
    ],
    outputs: [],
  }),
  // Its values are the run's output; it has no ports to give them to.
  run: async ({ inputs }) => inputs,
});
