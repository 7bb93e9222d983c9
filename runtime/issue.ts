/** A problem in a graph, as data. */
import { z } from "zod";

/** The closed list of codes, raised by `check.ts`, `resolve.ts` and `parse.ts`. */
export const ISSUE_CODES = [
  "bad-json",
  "duplicate-key",
  "unknown-key",
  "bad-value",
  "newer-format",
  "duplicate-id",
  "unknown-type",
  "unknown-version",
  "bad-config",
  "unknown-node",
  "unknown-port",
  "kind-mismatch",
  "too-many-edges",
  "duplicate-edge",
  "missing-edge",
  "cycle",
  "no-input",
  "no-output",
  "too-many-inputs",
  "too-many-outputs",
  "unreachable",
  "too-large",
  "bad-template",
  "bad-body",
  "json-without-schema",
  "missing-model",
  "missing-tool",
  "missing-knowledge",
  "missing-secret",
  "missing-agent",
  "demo-model",
  "acts-unasked",
] as const;

export const Issue = z.object({
  /** An error stops a run and a publication; a warning does not. */
  severity: z.enum(["error", "warning"]),
  code: z.enum(ISSUE_CODES),
  message: z.string(),
  node: z.string().optional(),
  port: z.string().optional(),
  /** JSON pointer into the agent file. */
  path: z.string().optional(),
  /** How to fix it, as a sentence. */
  fix: z.string().optional(),
});
export type Issue = z.infer<typeof Issue>;
export type IssueCode = Issue["code"];

/** Escapes and joins the parts of a JSON pointer (RFC 6901). */
export function pointer(...parts: (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The parts of a JSON pointer, the inverse of `pointer`. "" is the whole value and has no parts. */
export function parsePointer(path: string): string[] {
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
