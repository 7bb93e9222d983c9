import { z } from "zod";
import { ModelName } from "./model.ts";

/** Settings of the whole server. */
export const ServerSettings = z.strictObject({
  keepRunsDays: z
    .number()
    .int()
    .min(1)
    .max(36_500)
    .nullable()
    .describe(
      "Ended runs that started more than this many days ago are deleted with their events, and uploads and artifacts of that age that no run uses. null: never.",
    ),
  defaultModel: ModelName.nullable().describe(
    "The model that `default` refers to in a graph. null: PATCHBAY_DEFAULT_MODEL, else the first configured model.",
  ),
  defaultEmbedder: ModelName.nullable().describe(
    "Embedding model for new knowledge and for tool search. null: PATCHBAY_EMBEDDER, else text search only.",
  ),
});
export type ServerSettings = z.infer<typeof ServerSettings>;
