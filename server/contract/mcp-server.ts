import { z } from "zod";

/** An MCP server as it is listed and approved. */
export const McpServerCard = z.object({
  name: z.string(),
  transport: z.enum(["stdio", "http"]),
  url: z.string().optional(),
  headerNames: z.array(z.string()).optional(),
  argv: z.array(z.string()).optional().describe("The exact command that the approval is for."),
  envNames: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  seen: z.string().describe("Hash of what is shown; send it back with the approval."),
  status: z.enum(["needs-approval", "needs-sign-in", "stopped", "starting", "ready", "failed", "needs-review"]),
  /** Why it failed, or what changed. */
  message: z.string().optional(),
  /** How many. */
  tools: z.number(),
  /** Tools that were left out, and why. */
  rejected: z.array(z.object({ tool: z.string(), reason: z.string() })).optional(),
});
export type McpServerCard = z.infer<typeof McpServerCard>;
