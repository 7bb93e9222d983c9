import { z } from "zod";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({
  knowledge: z.string().max(200).default(""),
  limit: z.number().int().min(1).max(50).default(4),
  mode: z.enum(["auto", "hybrid", "vector", "text"]).default("auto"),
  minScore: z.number().min(0).default(0),
});

/** Finds passages in a knowledge and gives them on with their sources. */
export const retriever = defineNode<z.infer<typeof config>>({
  type: "retriever",
  version: 1,
  title: "Retriever",
  summary: "Finds passages in knowledge",
  group: "know",
  icon: "book-open-text",
  config,
  ports: () => ({ inputs: [{ id: "query", kind: "text" }], outputs: [{ id: "documents", kind: "documents" }] }),
  form: {
    knowledge: { widget: "knowledge", label: "Knowledge", help: "The documents that are searched." },
    limit: {
      widget: "slider",
      label: "Passages",
      help: "More passages give the model more to go by, and cost more tokens.",
      min: 1,
      max: 20,
      step: 1,
    },
    mode: {
      widget: "select",
      label: "Search",
      help: "Auto uses words and meaning where an embedding model is set up, words alone elsewhere.",
      advanced: true,
    },
    minScore: {
      widget: "number",
      label: "Least score",
      help: "Passages below it are left out. 0 keeps all.",
      min: 0,
      step: 0.05,
      advanced: true,
    },
  },
  needs: ({ knowledge }) => ({ knowledge: [knowledge] }),
  async run(step) {
    const { knowledge, limit, mode, minScore } = step.config;
    const query = String(step.inputs.query ?? "");
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
