import { z } from "zod";
import { defineTool } from "./builtin.ts";

export const toolSearch = defineTool({
  name: "tool_search",
  summary:
    "Finds tools in the library for a task. It returns their names and summaries and does not call them. 检索工具库中适合任务的工具。",
  args: z.strictObject({
    query: z.string().min(1).max(1000).describe("The task, in plain words."),
    limit: z.number().int().min(1).max(20).optional(),
  }),
  effect: "read",
  run: async ({ query, limit = 5 }, { searchTools, signal }) => {
    const found = (await searchTools(query, limit, signal)).map(({ name, summary }) => ({ name, summary }));
    return {
      content: found.length
        ? found.map((tool) => `${tool.name}: ${tool.summary}`).join("\n")
        : "No tool of the library fits.",
      value: found,
    };
  },
});
