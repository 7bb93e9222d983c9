import { z } from "zod";
import { defineTool } from "./builtin.ts";

export const knowledgeSearch = defineTool({
  name: "knowledge_search",
  summary:
    "Searches a knowledge base by name and returns its best passages with their sources. 检索知识库并返回段落和出处。",
  args: z.strictObject({
    knowledge: z.string().min(1).max(100).describe("Name of the knowledge base."),
    query: z.string().min(1).max(4000),
    limit: z.number().int().min(1).max(20).optional(),
  }),
  effect: "read",
  run: async ({ knowledge, query, limit = 4 }, { searchKnowledge, signal }) => {
    const found = await searchKnowledge(knowledge, query, limit, signal);
    if (!found.length) return { content: `Nothing in "${knowledge}" fits.`, value: [] };
    const lines = found.map((passage, i) => {
      const place = passage.source?.heading
        ? `, ${passage.source.heading}`
        : passage.source?.page
          ? `, page ${passage.source.page}`
          : "";
      return `${i + 1}. ${passage.title}${place}\n${passage.text}`;
    });
    return { content: lines.join("\n\n"), value: found };
  },
});
