import { z } from "zod";
import type { Graph } from "../../runtime/graph.ts";
import { Issue } from "../../runtime/issue.ts";
import { PATCH_REJECTIONS, Patch } from "../../runtime/patch.ts";
import { typed } from "./typed.ts";

/** A patch that a model proposes, and the resulting graph. */
export const Proposal = z.object({
  patch: Patch,
  graph: typed<Graph>().describe("The graph with the whole patch applied."),
  left: z
    .array(z.object({ part: z.number().int(), code: z.enum(PATCH_REJECTIONS), about: z.string(), reason: z.string() }))
    .describe("Parts that cannot be applied."),
  issues: z.array(Issue).describe("Issues of the resulting graph."),
});
export type Proposal = z.infer<typeof Proposal>;
