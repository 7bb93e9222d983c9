import type { Effect, RankedTool, ToolOffer, ToolResult, ToolSpec } from "../../runtime/tool.ts";
import type { CustomTool } from "../contract/custom-tool.ts";
import type { ToolCard, ToolImport, ToolImportReport } from "../contract/tool.ts";
import type { Models } from "../models/service.ts";

export interface Toolbox {
  cards(): Promise<ToolCard[]>;
  /** As `Host.tools`. */
  specs(names: string[]): Promise<ToolSpec[]>;
  /** As `Host.searchTools`. */
  search(query: string, offered: ToolOffer[], limit: number, signal: AbortSignal): Promise<RankedTool[]>;
  /**
   * As `Host.callTool`. Arguments that do not match the tool's schema give a result with `error`. `chat` calls the
   * models of `model` tools, with the quota of the run. `onProgress` receives redacted lines, at most four a second.
   */
  call(
    call: { id: string; tool: string; arguments: unknown },
    options: { idempotencyKey: string; chat?: Models["chat"]; onProgress?(text: string): void },
    signal: AbortSignal,
  ): Promise<ToolResult>;
  /** The secrets and the model that each custom or imported tool refers to, set or not. */
  bindingNeeds(): Promise<{ name: string; secrets: string[]; model?: string }[]>;
  /** A custom tool with its binding. Rejects with `not_found`. */
  custom(name: string): Promise<CustomTool>;
  /** Validates and stores a custom `http`, `code` or `model` tool; `create` rejects with `conflict` when it exists. */
  save(tool: unknown, options?: { create?: boolean }): Promise<ToolCard>;
  /** Overrides a tool's effect, and whether a call may be repeated. */
  configure(name: string, change: { effect?: Effect; repeatable?: boolean }): Promise<ToolCard>;
  /** One tool, or all of an API (`openapi/<api>/*`). */
  delete(name: string): Promise<boolean>;
  import(source: ToolImport): Promise<ToolImportReport>;
}
