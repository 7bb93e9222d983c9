/** Which agents and other parts use a thing. */
import { z } from "zod";

export const UseQuery = z.object({
  kind: z.enum(["knowledge", "tool", "model", "provider", "secret", "mcp-server", "agent"]),
  name: z
    .string()
    .min(1)
    .max(300)
    .describe("Its name. A tool can be a pattern such as `openapi/<api>/*`; an agent is its id or slug."),
});
export type UseQuery = z.infer<typeof UseQuery>;

export const Uses = z.object({
  agents: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      draft: z.boolean().describe("The draft uses it."),
      versions: z.array(z.number()).describe("Published versions that receive calls and use it."),
    }),
  ),
  tools: z.array(z.string()).describe("Custom and imported tools that use it."),
  providers: z.array(z.string()).describe("Providers that use it as their key or fallback."),
  servers: z.array(z.string()).describe("MCP servers that use it."),
  knowledge: z.array(z.string()).describe("Knowledge that is indexed with it."),
  defaults: z.array(z.enum(["model", "embedder"])).describe("It is or has the default model, or the default embedder."),
});
export type Uses = z.infer<typeof Uses>;
