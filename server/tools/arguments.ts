/** Arguments of a call against the tool's schema: the last check before anything leaves. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ToolSpec } from "../../runtime/tool.ts";
import { schemaMismatch } from "./schema-check.ts";

/** Throws `bad_arguments` that says what does not fit. */
export function checkArguments(spec: ToolSpec, args: Record<string, unknown>): void {
  const mismatch = schemaMismatch(spec.parameters, args);
  if (mismatch) throw new PatchbayError("bad_arguments", `The arguments of ${spec.name} do not fit: ${mismatch}.`);
}
