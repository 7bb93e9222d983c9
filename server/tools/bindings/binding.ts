/** The interface of a binding. Each kind has its own file. */
import type { ToolResult } from "../../../runtime/tool.ts";
import type { Models } from "../../models/service.ts";
import type { Net } from "../../net/safe-fetch.ts";
import type { Secrets } from "../../secrets/service.ts";
import type { Files } from "../../stores/files.ts";
import type { StoredTool } from "../stored-tool.ts";

export interface BindingDeps {
  net: Pick<Net, "download">;
  secrets: Secrets;
  files: Files;
  models: Pick<Models, "resolve" | "chat">;
  /** See `Host.evaluate`. */
  evaluate(
    source: string,
    input: Record<string, unknown>,
    limits: { timeoutMs: number },
    signal: AbortSignal,
  ): Promise<unknown>;
  now(): number;
}

export interface BindingCall {
  tool: StoredTool;
  args: Record<string, unknown>;
  idempotencyKey: string;
}

/** Throws `PatchbayError`; only `connection_lost` means that the outcome is unknown. */
export type RunBinding<B> = (
  binding: B,
  call: BindingCall,
  deps: BindingDeps,
  signal: AbortSignal,
) => Promise<ToolResult>;
