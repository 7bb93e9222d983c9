/** Validates the arguments of a call against the tool's schema before anything is sent. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ToolSpec } from "../../runtime/tool.ts";
import { schemaMismatch } from "./schema-check.ts";

/** Throws `bad_arguments`. */
export function checkArguments(spec: ToolSpec, args: Record<string, unknown>): void {
  const mismatch = schemaMismatch(spec.parameters, args);
  if (mismatch) throw new PatchbayError("bad_arguments", `The arguments of ${spec.name} do not fit: ${mismatch}.`);
}
