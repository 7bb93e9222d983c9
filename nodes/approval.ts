import { z } from "zod";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({
  question: z.string().max(2000).default("Go on?"),
  /** 0: waits as long as it takes. */
  timeoutMs: z.number().int().min(0).max(31_536_000_000).default(0),
});

/** Waits for a person, who lets the value on or turns it away. Without an answer in time it is turned away. */
export const approval = defineNode<z.infer<typeof config>>({
  type: "approval",
  version: 1,
  title: "Approval",
  summary: "Waits for a person",
  group: "flow",
  icon: "check",
  config,
  exclusive: true,
  ports: () => ({
    inputs: [{ id: "value", kind: "any" }],
    outputs: [
      { id: "approved", kind: "any" },
      { id: "rejected", kind: "any" },
    ],
  }),
  form: {
    question: {
      widget: "textarea",
      label: "Question",
      help: "What the person is asked. They see the value beside it.",
    },
    timeoutMs: {
      widget: "number",
      label: "Time to answer (ms)",
      help: "After it the value is turned away. 0 waits without end.",
      min: 0,
      advanced: true,
    },
  },
  async run(step) {
    const { config, inputs, host } = step;
    const answer = await step.wait("value", {
      kind: "approval",
      question: config.question,
      call: { id: "value", tool: "", arguments: inputs.value },
      ...(config.timeoutMs > 0 ? { expiresAt: host.now() + config.timeoutMs } : {}),
    });
    // A person may mend the value while approving it.
    const value = answer.value === undefined ? inputs.value : answer.value;
    return answer.choice === "approve" ? { approved: value } : { rejected: value };
  },
});
