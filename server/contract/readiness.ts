/** Whether a process can take calls. */
import { z } from "zod";

export const Readiness = z.object({
  ok: z.boolean(),
  reason: z.string().optional().describe("What is not ready, and how to fix it."),
  processes: z
    .object({ web: z.number(), worker: z.number(), all: z.number() })
    .partial()
    .describe("Living processes of the deployment, by role."),
});
export type Readiness = z.infer<typeof Readiness>;
