/** `code` tools: JavaScript in the sandbox. */
import type { CodeBinding } from "../../contract/custom-tool.ts";
import type { RunBinding } from "./binding.ts";

export const callCode: RunBinding<CodeBinding> = async (binding, { args }, deps, signal) => {
  const value = await deps.evaluate(binding.source, args, { timeoutMs: binding.timeoutMs }, signal);
  if (value === undefined || value === null) return { content: "Done; the code returned no value." };
  return { content: typeof value === "string" ? value : JSON.stringify(value), value };
};
