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
    .describe("Ended runs that started earlier are deleted with their events; null: never."),
  defaultModel: ModelName.nullable().describe(
    "What `default` means in a graph; null: PATCHBAY_DEFAULT_MODEL, else the first model that is configured.",
  ),
  defaultEmbedder: ModelName.nullable().describe(
    "How new knowledge and tools are searched by meaning; null: PATCHBAY_EMBEDDER, else by words alone.",
  ),
});
export type ServerSettings = z.infer<typeof ServerSettings>;
