import type { Effect, JsonSchema, RankedTool, ToolOffer, ToolResult, ToolSpec } from "../../runtime/tool.ts";
import type { Models } from "../models/service.ts";

export interface ToolCard extends ToolSpec {
  binding: "builtin" | "http" | "openapi" | "mcp" | "code" | "agent" | "model";
  /** What it still needs before it can be called: a secret, a server to approve. */
  needs?: string[];
  /** Shown in the library: the API, the server or the template it came from. */
  source?: string;
}

export interface ToolImport {
  /** An OpenAPI 3.0, 3.1 or Swagger 2 document: an object, or its text in JSON or YAML. */
  openapi?: unknown;
  /** A tool template of ours, of Flowise or of the paper's schema: one or a list, an object or its text. */
  template?: unknown;
  /** Names the API of an OpenAPI document; made from its title when absent. */
  name?: string;
  /** Stands in for the document's server, which may be missing, relative or a test system. */
  server?: string;
}

export interface ToolImportReport {
  tools: ToolCard[];
  report: { operation: string; result: "imported" | "simplified" | "left-out"; reason?: string }[];
}

export interface Toolbox {
  cards(): Promise<ToolCard[]>;
  /** As `Host.tools`. */
  specs(names: string[]): Promise<ToolSpec[]>;
  /** As `Host.searchTools`. */
  search(query: string, offered: ToolOffer[], limit: number, signal: AbortSignal): Promise<RankedTool[]>;
  /**
   * As `Host.callTool`. Arguments that break the tool's schema are a result with `error`. `chat` asks a model for a tool
   * that needs one, on whose account it may be.
   */
  call(
    call: { id: string; tool: string; arguments: unknown },
    options: { idempotencyKey: string; chat?: Models["chat"] },
    signal: AbortSignal,
  ): Promise<ToolResult>;
  /** A tool made by hand, whole with its binding. Rejects with `not_found`. */
  custom(name: string): Promise<CustomTool>;
  /** Validates and stores an `http`, `code` or `model` tool made by hand; `create` rejects with `conflict` where it exists. */
  save(tool: unknown, options?: { create?: boolean }): Promise<ToolCard>;
  /** What the operator knows better than the importer: a tool's effect, and whether a call may be repeated. */
  configure(name: string, change: { effect?: Effect; repeatable?: boolean }): Promise<ToolCard>;
  /** One tool, or all of an API (`openapi/<api>/*`). */
  delete(name: string): Promise<boolean>;
  import(source: ToolImport): Promise<ToolImportReport>;
}

/** Text as it stands, or a secret's value with what is put before it; `basic`: the secret is `user:password`. */
export type ToolHeader = string | { secret: string; prefix?: string; as?: "basic" };

export interface CustomTool {
  /** `http/x`, `code/x` or `model/x` */
  name: string;
  summary: string;
  parameters: JsonSchema;
  effect: Effect;
  repeatable?: boolean;
  http?: {
    method: string;
    url: string;
    headers: Record<string, ToolHeader>;
    body?: string;
    timeoutMs?: number;
    /** What of the answer the model reads; `file`: the picked text is a file. */
    output?: { pick?: string; file?: "base64" | "url"; mediaType?: string };
  };
  code?: { source: string; timeoutMs: number };
  /** Asks a configured model. */
  model?: { model: string; instructions: string; input: string; schema?: JsonSchema };
  source?: string;
}
