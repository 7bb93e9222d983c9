import { z } from "zod";

/** An MCP server, without the values of its headers and environment. */
export const McpServerCard = z.object({
  name: z.string(),
  transport: z.enum(["stdio", "http"]),
  url: z.string().optional(),
  headerNames: z.array(z.string()).optional(),
  argv: z.array(z.string()).optional().describe("The exact command to approve."),
  envNames: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  seen: z.string().describe("Hash of this configuration; send it back when you approve."),
  status: z.enum(["needs-approval", "needs-sign-in", "stopped", "starting", "ready", "failed", "needs-review"]),
  /** Why the start failed, or what changed. */
  message: z.string().optional(),
  /** Number of tools. */
  tools: z.number(),
  /** Rejected tools, with the reason. */
  rejected: z.array(z.object({ tool: z.string(), reason: z.string() })).optional(),
});
export type McpServerCard = z.infer<typeof McpServerCard>;
