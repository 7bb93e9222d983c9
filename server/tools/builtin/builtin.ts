/** The interface of a built-in tool: one value in one file of this folder, listed in `index.ts`. */
import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Document } from "../../../runtime/message.ts";
import type { Effect, JsonSchema, ToolResult, ToolSpec } from "../../../runtime/tool.ts";
import type { ToolCard } from "../../contract/tool.ts";
import type { SafeFetch } from "../../net/service.ts";

export interface BuiltinContext {
  now(): number;
  fetch: SafeFetch;
  /** Searches the library itself. */
  searchTools(query: string, limit: number, signal: AbortSignal): Promise<ToolCard[]>;
  searchKnowledge(name: string, query: string, limit: number, signal: AbortSignal): Promise<Document[]>;
  signal: AbortSignal;
}

export interface BuiltinTool {
  spec: ToolSpec;
  /** A thrown `PatchbayError` becomes a result with `error`. */
  call(args: unknown, context: BuiltinContext): Promise<ToolResult>;
}

/** One schema serves as the parameters that the model sees and as the parser of a call. */
export function defineTool<A>(tool: {
  name: string;
  summary: string;
  args: z.ZodType<A>;
  effect: Effect;
  run(args: A, context: BuiltinContext): ToolResult | Promise<ToolResult>;
}): BuiltinTool {
  const { $schema: _, ...parameters } = z.toJSONSchema(tool.args, { io: "input" }) as JsonSchema;
  return {
    spec: { name: `builtin/${tool.name}`, summary: tool.summary, parameters, effect: tool.effect, repeatable: true },
    call: async (args, context) => {
      const parsed = tool.args.safeParse(args);
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        const at = issue.path.length ? `"${issue.path.join(".")}": ` : "";
        throw new PatchbayError("bad_arguments", `${tool.name}: ${at}${issue.message}.`, {
          path: issue.path.map((part) => `/${String(part)}`).join(""),
        });
      }
      return tool.run(parsed.data, context);
    },
  };
}

/** A JSON value as a result: compact text for the model, the value beside it. */
export function valueResult(value: unknown): ToolResult {
  return { content: typeof value === "string" ? value : JSON.stringify(value), value };
}
