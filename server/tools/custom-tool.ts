/** Converts custom tools between the shape that users write and the stored shape. */
import type { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { pointer } from "../../runtime/issue.ts";
import { argumentsProblem } from "../../runtime/json-schema.ts";
import { CustomTool } from "../contract/custom-tool.ts";
import { checkHttpBinding } from "./bindings/http.ts";
import { checkSlots } from "./slots.ts";
import type { Binding, StoredTool } from "./stored-tool.ts";

/** Parses and validates a custom tool. Throws `bad_request` with the path. */
export function parseCustomTool(input: unknown): StoredTool {
  const parsed = CustomTool.safeParse(input);
  if (!parsed.success) throw badRequest("tool", parsed.error);
  const { http, code, model, ...tool } = parsed.data;
  const prefix = tool.name.split("/")[0]!;
  const given = { http, code, model };
  const binding = { http, code, model, openapi: undefined }[prefix as "http"];
  const others = Object.entries(given).filter(([key, value]) => value && key !== prefix);
  if (prefix === "openapi")
    throw new PatchbayError("bad_request", "openapi tools are imported from a document.", { path: "/name" });
  if (!binding || others.length)
    throw new PatchbayError(
      "bad_request",
      `A tool named "${prefix}/…" has "${prefix}" and none of ${others.map(([key]) => `"${key}"`).join(", ") || "the other bindings"}.`,
      {
        path: `/${prefix}`,
      },
    );
  const problem = argumentsProblem(tool.parameters);
  if (problem)
    throw new PatchbayError("bad_request", `The parameters cannot be used: ${problem}.`, { path: "/parameters" });
  const stored: StoredTool = { ...tool, binding: { kind: prefix, ...binding } as Binding };
  if (stored.binding.kind === "http") checkHttpBinding(stored.binding, tool.parameters);
  if (stored.binding.kind === "model") checkSlots("input", stored.binding.input, tool.parameters);
  return stored;
}

/** The tool in the shape that users write; secrets stay names. */
export function toCustomTool(tool: StoredTool): CustomTool {
  const { binding, ...rest } = tool;
  if (binding.kind === "openapi") return rest;
  const { kind, ...body } = binding;
  return { ...rest, [kind]: body };
}

export function badRequest(what: string, error: z.ZodError): PatchbayError {
  const issue = error.issues[0]!;
  const path = pointer(...issue.path.map(String));
  return new PatchbayError("bad_request", `The ${what} is not right${path ? ` at ${path}` : ""}: ${issue.message}.`, {
    path,
  });
}
