import { z } from "zod";
import { defineNode } from "../runtime/node.ts";
import { previewText } from "../runtime/preview.ts";

const config = z.strictObject({
  question: z.string().max(2000).default("Go on?"),
  /** 0: waits as long as it takes. */
  timeoutMs: z.number().int().min(0).max(31_536_000_000).default(0),
});

/** Waits for a person, who approves or rejects the value. Rejected when the time limit passes without a decision. */
export const approval = defineNode<z.infer<typeof config>>({
  type: "approval",
  version: 1,
  title: "Approval",
  summary: "Waits for a person to approve",
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
      help: "What the person is asked. The value is shown with it.",
    },
    timeoutMs: {
      widget: "number",
      label: "Time limit (ms)",
      help: "Rejected automatically after this time. 0: no limit.",
      min: 0,
      advanced: true,
    },
  },
  preview: ({ question }) => (question.trim() === "" ? [] : [{ text: previewText(question) }]),
  textKey: "question",
  words: {
    zh: {
      title: "审批",
      summary: "等待人工审批",
      fields: {
        question: { label: "问题", help: "向审批人提出的问题，待审批的值会一同显示。" },
        timeoutMs: { label: "时限（毫秒）", help: "超过此时间自动拒绝。0：不限时。" },
      },
      ports: { value: "值", approved: "已批准", rejected: "已拒绝" },
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
    // A person may edit the value while approving it.
    const value = answer.value === undefined ? inputs.value : answer.value;
    return answer.choice === "approve" ? { approved: value } : { rejected: value };
  },
});
