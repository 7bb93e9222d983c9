/** The tools of a request as they are sent, and the names of calls and arguments between the two. */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import type { ToolCall } from "../../runtime/message.ts";
import type { ModelTool } from "../../runtime/model.ts";
import { type NameTree, renamed } from "./property-names.ts";
import { type SchemaRules, sentSchema } from "./tool-schema.ts";

export class SentTools {
  readonly tools: LanguageModelV4FunctionTool[];
  /** By the tool's own name; only what has another. */
  readonly #sent = new Map<string, { name: string; arguments?: NameTree }>();
  readonly #own = new Map<string, { name: string; arguments?: NameTree }>();

  constructor(tools: readonly ModelTool[] | undefined, rules: SchemaRules) {
    const taken = new Set(tools?.map((tool) => tool.name));
    this.tools = (tools ?? []).map((tool) => {
      const { schema, names } = sentSchema(tool.parameters, rules);
      // Google takes no name that begins with a digit or a hyphen.
      let { name } = tool;
      if (rules === "strict" && !/^[A-Za-z_]/.test(name)) {
        name = `_${name}`.slice(0, 64);
        for (let number = 2; taken.has(name); number++) name = `_${tool.name.slice(0, 58)}_${number}`;
        taken.add(name);
      }
      if (names || name !== tool.name) {
        this.#sent.set(tool.name, { name, ...(names && { arguments: names }) });
        this.#own.set(name, { name: tool.name, ...(names && { arguments: names }) });
      }
      return { type: "function", name, description: tool.description, inputSchema: schema };
    });
  }

  /** A call of the history, with the names that the server sees. */
  sentCall(call: ToolCall): ToolCall {
    return rename(call, this.#sent.get(call.name), "sent");
  }

  /** A call of the model, with the names of the tool's own schema. */
  ownCall(call: ToolCall): ToolCall {
    return rename(call, this.#own.get(call.name), "own");
  }

  sentName(name: string): string {
    return this.#sent.get(name)?.name ?? name;
  }
}

function rename(
  call: ToolCall,
  to: { name: string; arguments?: NameTree } | undefined,
  side: "own" | "sent",
): ToolCall {
  if (!to) return call;
  return {
    ...call,
    name: to.name,
    ...(call.arguments === undefined ? {} : { arguments: renamed(call.arguments, to.arguments, side) }),
  };
}
