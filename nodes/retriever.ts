import { z } from "zod";
import type { Message } from "../runtime/message.ts";
import { defineNode, type Step } from "../runtime/node.ts";
import { conversationQuery } from "../runtime/retrieval/conversation-query.ts";

const config = z.strictObject({
  knowledge: z.string().max(200).default(""),
  limit: z.number().int().min(1).max(50).default(4),
  mode: z.enum(["auto", "hybrid", "vector", "text"]).default("auto"),
  minScore: z.number().min(0).default(0),
  /** Searches with the last messages of the conversation, too. */
  conversation: z.boolean().default(false),
});

/** Searches a knowledge and returns the passages with their sources. */
export const retriever = defineNode<z.infer<typeof config>>({
  type: "retriever",
  version: 1,
  title: "Retriever",
  summary: "Searches knowledge for passages",
  group: "know",
  icon: "book-open-text",
  defaultId: "facts",
  config,
  ports: () => ({ inputs: [{ id: "query", kind: "text" }], outputs: [{ id: "documents", kind: "documents" }] }),
  form: {
    knowledge: { widget: "knowledge", label: "Knowledge", help: "The documents to search." },
    limit: {
      widget: "slider",
      label: "Passages",
      help: "More passages give the model more context and use more tokens.",
      min: 1,
      max: 20,
      step: 1,
    },
    conversation: {
      widget: "toggle",
      label: "Use the conversation",
      help: "Follow-up questions such as “And how long does it take?” find passages. Searches with the last two messages, too.",
    },
    mode: {
      widget: "select",
      label: "Search",
      help: "Auto uses hybrid search when an embedding model is set up, text search otherwise.",
      advanced: true,
    },
    minScore: {
      widget: "number",
      label: "Minimum score",
      help: "Drops passages below this score. 0 keeps all.",
      min: 0,
      step: 0.05,
      advanced: true,
    },
  },
  preview: ({ knowledge }) => (knowledge === "" ? [] : [{ chip: knowledge, kind: "documents" }]),
  certainOutputs: "all",
  words: {
    zh: {
      title: "检索",
      summary: "在知识库中检索段落",
      fields: {
        knowledge: { label: "知识库", help: "要检索的文档。" },
        limit: { label: "段落数", help: "段落越多，模型得到的上下文越多，消耗的 token 也越多。" },
        conversation: {
          label: "结合对话",
          help: "检索时加上用户最近的两条消息，这样“那要多久？”之类的追问也能找到段落。",
        },
        mode: { label: "检索方式", help: "“自动”：配置了嵌入模型时用混合检索，否则用全文检索。" },
        minScore: { label: "最低得分", help: "舍弃低于此得分的段落。0 表示全部保留。" },
      },
      ports: { query: "查询", documents: "文档" },
      options: { auto: "自动", hybrid: "混合检索", vector: "向量检索", text: "全文检索" },
    },
  },
  needs: ({ knowledge }) => ({ knowledge: [knowledge] }),
  async run(step) {
    const { knowledge, limit, mode, minScore } = step.config;
    const asked = String(step.inputs.query ?? "");
    const query =
      step.config.conversation && asked.trim() !== "" ? conversationQuery(asked, await historyOf(step)) : asked;
    const documents =
      query.trim() === ""
        ? []
        : await step.host.searchKnowledge(
            knowledge,
            query,
            { limit, mode, ...(minScore > 0 ? { minScore } : {}) },
            step.signal,
          );
    if (!step.past("retrieval"))
      step
        .emit({
          type: "retrieval",
          of: "knowledge",
          query,
          index: 0,
          hits: documents.map(({ id, title, score, ranks }) => ({ id, title, score, ...(ranks ? { ranks } : {}) })),
        })
        .catch(() => {}); // A failed write aborts the run by itself.
    return { documents };
  },
});

/** The conversation before the message: the caller's, else that of the session. */
async function historyOf({ run, host }: Pick<Step, "run" | "host">): Promise<readonly Message[]> {
  if (run.input.history) return run.input.history;
  return run.session === undefined ? [] : host.history(run.session);
}
