/** A stored tool: its spec and its binding. */
import { z } from "zod";
import { CodeBinding, HeaderValue, HttpBinding, ModelBinding, toolShape } from "../contract/custom-tool.ts";
import type { ToolImportReport } from "../contract/tool.ts";

export const ApiParameter = z.strictObject({
  /** Its name in the arguments. */
  arg: z.string(),
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  style: z.enum(["form", "simple", "label", "matrix", "spaceDelimited", "pipeDelimited", "deepObject"]),
  explode: z.boolean(),
  /** The value goes as JSON text. */
  json: z.boolean().optional(),
});
export type ApiParameter = z.infer<typeof ApiParameter>;

export const ApiAuth = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("header"), header: z.string(), value: HeaderValue }),
  z.strictObject({ kind: z.literal("query"), name: z.string(), secret: z.string() }),
  z.strictObject({ kind: z.literal("cookie"), name: z.string(), secret: z.string() }),
  /** OAuth 2 client credentials: the secret is `client_id:client_secret`. */
  z.strictObject({ kind: z.literal("oauth"), tokenUrl: z.string(), scopes: z.array(z.string()), secret: z.string() }),
]);
export type ApiAuth = z.infer<typeof ApiAuth>;

export const OpenApiBinding = z.strictObject({
  kind: z.literal("openapi"),
  method: z.string(),
  /** Without a slash at its end. */
  server: z.string(),
  /** With `{name}` slots of path parameters. */
  path: z.string(),
  parameters: z.array(ApiParameter),
  body: z
    .strictObject({
      mediaType: z.string(),
      /** `args`: these arguments are the body's properties; `whole`: one argument is the body. */
      from: z.union([
        z.strictObject({
          args: z.array(z.strictObject({ arg: z.string(), name: z.string(), file: z.boolean().optional() })),
        }),
        z.strictObject({ whole: z.string() }),
      ]),
    })
    .optional(),
  accept: z.string().optional(),
  auth: z.array(ApiAuth).default([]),
});
export type OpenApiBinding = z.infer<typeof OpenApiBinding>;

export const Binding = z.discriminatedUnion("kind", [HttpBinding, CodeBinding, ModelBinding, OpenApiBinding]);
export type Binding = z.infer<typeof Binding>;

export const StoredTool = z.strictObject({
  ...toolShape,
  binding: Binding,
});
export type StoredTool = z.infer<typeof StoredTool>;

export function secretsOf(binding: Binding): string[] {
  const names = new Set<string>();
  const header = (value: HeaderValue) => {
    if (typeof value !== "string") names.add(value.secret);
  };
  if (binding.kind === "http") Object.values(binding.headers).forEach(header);
  if (binding.kind === "openapi")
    for (const auth of binding.auth) {
      if (auth.kind === "header") header(auth.value);
      else names.add(auth.secret);
    }
  return [...names];
}

/** Tools read from a file or document, not stored yet. */
export interface ImportedTools {
  tools: StoredTool[];
  report: ToolImportReport["report"];
  /** Name of the API. These tools replace all of its earlier ones. */
  api?: string;
}
