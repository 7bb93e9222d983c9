/** MCP servers: their settings without secret values, their state, and their tools. */
import { z } from "zod";
import { ToolSpec } from "../../runtime/tool.ts";

/** Time limits of a server, in milliseconds. */
export const McpLimits = z.strictObject({
  startMs: z.number().int().min(1_000).max(600_000).describe("From the start until its tools are listed."),
  callMs: z
    .number()
    .int()
    .min(1_000)
    .max(3_600_000)
    .describe("A call without progress. Each progress notification starts it again."),
  callTotalMs: z.number().int().min(1_000).max(86_400_000).describe("A call in total, whatever progress it reports."),
});
export type McpLimits = z.infer<typeof McpLimits>;

/** What a server says about a tool. It is the server's word, so it has no effect until an admin accepts it. */
export const ToolHints = z.object({
  readOnly: z.literal(true).optional(),
  destructive: z.literal(true).optional(),
});
export type ToolHints = z.infer<typeof ToolHints>;

export const McpTool = ToolSpec.extend({
  hints: ToolHints.optional().describe("What the server says about the tool."),
  notes: z.array(z.string()).optional().describe("What was left out of its schema, because it cannot be checked."),
});
export type McpTool = z.infer<typeof McpTool>;

const EnvVariable = z.object({
  name: z.string(),
  value: z.string().optional().describe("Absent for a secret."),
  secret: z.string().optional().describe("Name of the secret that has the value."),
  unknown: z
    .literal(true)
    .optional()
    .describe("Outside the list of known names: it may change which code runs, and needs `confirmEnv` to be approved."),
});

/** An MCP server, without the values of its secrets. */
export const McpServerCard = z.object({
  name: z.string(),
  transport: z.enum(["stdio", "http"]),
  url: z.string().optional(),
  headerNames: z.array(z.string()).optional(),
  headerSecrets: z.record(z.string(), z.string()).optional().describe("Name of the secret of each header."),
  argv: z.array(z.string()).optional().describe("The exact command to approve."),
  envNames: z.array(z.string()).optional(),
  env: z.array(EnvVariable).optional().describe("The environment variables to approve."),
  cwd: z.string().optional(),
  ownFolder: z.boolean().optional().describe("`cwd` is a folder of its own in the data folder."),
  limits: McpLimits.describe("The limits in effect."),
  seen: z.string().describe("Hash of this configuration; send it back when you approve."),
  status: z.enum(["needs-approval", "needs-sign-in", "stopped", "starting", "ready", "failed", "needs-review"]),
  /** Why the start failed, or what changed. */
  message: z.string().optional(),
  /** Number of tools. */
  tools: z.number(),
  /** Rejected tools, with the reason. */
  rejected: z.array(z.object({ tool: z.string(), reason: z.string() })).optional(),
  hints: z
    .object({ readOnly: z.number(), destructive: z.number(), accepted: z.boolean() })
    .optional()
    .describe("How many tools the server calls read-only or destructive, and whether an admin accepted that."),
  missingSecrets: z.array(z.string()).optional().describe("Secrets that it refers to and that are not set."),
});
export type McpServerCard = z.infer<typeof McpServerCard>;
