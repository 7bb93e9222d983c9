/** Published agents as tools: `agent/<slug>`. Inside a run the agent is part of that run; a call from outside starts a run of its own. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Field } from "../../runtime/field.ts";
import type { JsonSchema, ToolResult } from "../../runtime/tool.ts";
import type { Agents } from "../agents/service.ts";
import type { Publication } from "../contract/agent.ts";
import type { ToolCard } from "../contract/tool.ts";
import type { Runs } from "./service.ts";

export interface AgentTools {
  cards(): Promise<ToolCard[]>;
  call(slug: string, args: unknown, options: { idempotencyKey: string }, signal: AbortSignal): Promise<ToolResult>;
}

/** `agents` and `runs` are functions because those services are created after the tools. */
export function agentTools(agents: () => Agents, runs: () => Runs): AgentTools {
  return {
    async cards() {
      const all = agents();
      const cards = await Promise.all((await all.publications()).map((publication) => card(all, publication)));
      return cards.filter((one) => one !== undefined);
    },
    async call(slug, args, { idempotencyKey }, signal) {
      const input = typeof args === "object" && args !== null ? (args as Record<string, unknown>) : {};
      const { id, done } = await runs().start({ slug }, input, {
        idempotency: { id: idempotencyKey, body: JSON.stringify([slug, input]) },
      });
      const cancel = () => void runs().cancel(id);
      signal.addEventListener("abort", cancel, { once: true });
      const result = await done.finally(() => signal.removeEventListener("abort", cancel));
      signal.throwIfAborted();
      if (result.status === "done") {
        const reply = result.output?.reply;
        return typeof reply === "string"
          ? { content: reply }
          : { content: JSON.stringify(reply ?? null), value: reply };
      }
      if (result.status === "failed") return { content: result.error?.message ?? "The agent failed.", error: true };
      throw new PatchbayError("tool_failed", `The agent "${slug}" waits for an approval (run ${id}); decide it there.`);
    },
  };
}

async function card(agents: Agents, { slug, live }: Publication): Promise<ToolCard | undefined> {
  const version = await agents.version(slug, live);
  if (!version) return undefined;
  return {
    name: `agent/${slug}`,
    summary: version.graph.description || version.graph.name,
    parameters: parametersOf(agents.inputFields(version.graph)),
    // The called agent asks for its own approvals.
    effect: "read",
    binding: "agent",
    source: version.graph.name,
  };
}

/** The inputs that an agent declares, as a JSON Schema. */
export function parametersOf(fields: readonly Field[]): JsonSchema {
  return {
    type: "object",
    properties: {
      message: { type: "string", description: "What to ask, complete in itself." },
      ...Object.fromEntries(fields.map((field) => [field.name, field.kind === "text" ? { type: "string" } : {}])),
    },
    required: ["message", ...fields.filter((field) => field.required).map((field) => field.name)],
    additionalProperties: false,
  };
}
